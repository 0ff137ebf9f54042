/* The heap of deadlines.
 *
 * SPDX-License-Identifier: MIT */
#include "heap.h"

#include <stdlib.h>
#include <weir/status.h>

#include "nth.h"
#include "test.h"

#define NODES 100

TEST(heap, has_the_smallest_first)
{
    weir__heap heap;
    weir__heap_node nodes[3];
    uint64_t key = 0;
    weir__heap_init(&heap, NULL);
    CHECK(weir__heap_first(&heap, &key) == NULL);
    for (int i = 0; i < 3; i++) {
        weir__heap_node_init(&nodes[i]);
        CHECK(!weir__heap_contains(&nodes[i]));
        REQUIRE(weir__heap_reserve(&heap) == WEIR_OK);
        weir__heap_set(&heap, &nodes[i], (uint64_t)(30 - 10 * i));
        CHECK(weir__heap_contains(&nodes[i]));
    }
    CHECK(weir__heap_first(&heap, &key) == &nodes[2]);
    CHECK_INT(key, 10);
    CHECK_INT(weir__heap_key(&heap, &nodes[0]), 30);
    weir__heap_set(&heap, &nodes[2], 40);
    CHECK(weir__heap_first(&heap, &key) == &nodes[1]);
    weir__heap_remove(&heap, &nodes[1]);
    weir__heap_remove(&heap, &nodes[1]);
    weir__heap_release(&heap);
    CHECK(weir__heap_first(&heap, &key) == &nodes[0]);
    weir__heap_clear(&heap);
}

TEST(heap, survives_failing_allocations)
{
    struct nth nth;
    weir__heap heap;
    nth_init(&nth, 2);
    weir__heap_init(&heap, &nth.allocator);
    int rc = WEIR_OK;
    int reserved = 0;
    while (rc == WEIR_OK && reserved < NODES) {
        rc = weir__heap_reserve(&heap);
        reserved += rc == WEIR_OK;
    }
    CHECK_INT(rc, WEIR_E_MEMORY);
    CHECK_INT(heap.reserved, reserved);
    weir__heap_clear(&heap);
    CHECK_INT(nth.live, 0);
}

struct model {
    weir__heap heap;
    weir__heap_node nodes[NODES];
    uint64_t keys[NODES]; /* UINT64_MAX: not in the heap */
};

static void check(const struct model *model)
{
    uint64_t smallest = UINT64_MAX, key = UINT64_MAX;
    size_t count = 0;
    for (size_t i = 0; i < NODES; i++) {
        bool in = model->keys[i] != UINT64_MAX;
        REQUIRE(weir__heap_contains(&model->nodes[i]) == in);
        REQUIRE(!in ||
                weir__heap_key(&model->heap, &model->nodes[i]) == model->keys[i]);
        smallest = model->keys[i] < smallest ? model->keys[i] : smallest;
        count += in;
    }
    weir__heap_node *first = weir__heap_first(&model->heap, &key);
    REQUIRE(model->heap.count == count);
    REQUIRE(count == 0 ? first == NULL : key == smallest);
    REQUIRE(count == 0 || model->keys[first - model->nodes] == smallest);
}

/* Against an array that is searched from end to end. */
TEST(heap, is_a_priority_queue)
{
    static struct model model;
    weir__heap_init(&model.heap, NULL);
    for (size_t i = 0; i < NODES; i++) {
        weir__heap_node_init(&model.nodes[i]);
        model.keys[i] = UINT64_MAX;
        REQUIRE(weir__heap_reserve(&model.heap) == WEIR_OK);
    }
    srand(2);
    for (int step = 0; step < 20000; step++) {
        size_t i = (size_t)rand() % NODES;
        if (rand() % 3 == 0) {
            weir__heap_remove(&model.heap, &model.nodes[i]);
            model.keys[i] = UINT64_MAX;
        } else {
            model.keys[i] = (uint64_t)rand() % 50;
            weir__heap_set(&model.heap, &model.nodes[i], model.keys[i]);
        }
        check(&model);
    }
    uint64_t last = 0, key;
    for (weir__heap_node *node; (node = weir__heap_first(&model.heap, &key));) {
        CHECK(key >= last);
        last = key;
        weir__heap_remove(&model.heap, node);
    }
    weir__heap_clear(&model.heap);
}
