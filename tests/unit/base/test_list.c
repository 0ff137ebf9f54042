/* The intrusive list.
 *
 * SPDX-License-Identifier: MIT */
#include "list.h"

#include "test.h"

struct item {
    int number;
    weir__link link;
};

static int number_of(weir__link *link)
{
    return link ? WEIR__CONTAINER(link, struct item, link)->number : 0;
}

TEST(list, is_first_in_first_out)
{
    weir__link head;
    struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    weir__link_init(&head);
    CHECK(weir__link_shift(&head) == NULL);
    for (int i = 0; i < 3; i++) {
        weir__link_init(&items[i].link);
        CHECK(!weir__link_is_linked(&items[i].link));
        weir__link_push(&head, &items[i].link);
        CHECK(weir__link_is_linked(&items[i].link));
    }
    weir__link_remove(&items[1].link);
    weir__link_remove(&items[1].link);
    CHECK_INT(number_of(weir__link_shift(&head)), 1);
    CHECK_INT(number_of(weir__link_shift(&head)), 3);
    CHECK_INT(number_of(weir__link_shift(&head)), 0);
    CHECK(!weir__link_is_linked(&items[0].link));
}

TEST(list, moves_as_a_whole)
{
    weir__link from, to;
    struct item items[2] = {{.number = 1}, {.number = 2}};
    weir__link_init(&from);
    weir__link_move(&from, &to);
    CHECK(!weir__link_is_linked(&to));
    weir__link_push(&from, &items[0].link);
    weir__link_push(&from, &items[1].link);
    weir__link_move(&from, &to);
    CHECK(!weir__link_is_linked(&from));
    CHECK_INT(number_of(weir__link_shift(&to)), 1);
    CHECK_INT(number_of(weir__link_shift(&to)), 2);
    CHECK(weir__link_shift(&to) == NULL);
}
