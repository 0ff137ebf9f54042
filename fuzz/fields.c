/* Lists of fields, against an array that is searched from end to end.
 *
 * - The list has what the model has, in its order, after every call.
 * - What is refused changes nothing; there are no more fields than the limit says.
 * - Taking lists apart ends, and gives trimmed, non-empty elements.
 *
 * SPDX-License-Identifier: MIT */
#include <weir/http.h>

#include "harness.h"

enum { MOST = 6 };
struct model {
    weir_http_field fields[MOST];
    size_t count;
};

static size_t model_remove(struct model *m, weir_slice name)
{
    size_t i, before = m->count;
    for (m->count = i = 0; i < before; i++)
        if (!weir_slice_equal_nocase(m->fields[i].name, name))
            m->fields[m->count++] = m->fields[i];
    return before - m->count;
}

static void check(const weir_http_fields *fields, const struct model *m)
{
    HOLDS(weir_http_fields_count(fields) == m->count && m->count <= MOST);
    for (size_t i = 0; i < m->count; i++) {
        weir_http_field field = weir_http_fields_at(fields, i);
        HOLDS(weir_slice_equal(field.name, m->fields[i].name));
        HOLDS(weir_slice_equal(field.value, m->fields[i].value));
        for (weir_slice rest = field.value, element;
             weir_http_list_next(&rest, &element);)
            HOLDS(element.len > 0 && weir_slice_trim(element).len == element.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_slice rest = {(const char *)data, size}, line;
    weir_http_fields f;
    struct model m = {.count = 0};
    weir_http_fields_init(&f, NULL, &(weir_http_limits){0, MOST, 40});
    while (weir_slice_split(&rest, '\n', &line)) { /* +name:value =name:value -name */
        weir_slice value = weir_slice_skip(line, 1), name = {NULL, 0};
        bool set = line.len > 0 && line.data[0] == '=';
        weir_slice_split(&value, ':', &name);
        if (line.len > 0 && line.data[0] == '-')
            HOLDS(weir_http_fields_remove(&f, name) == model_remove(&m, name));
        else if ((set ? weir_http_fields_set : weir_http_fields_add)(&f, name, value) ==
                 0) {
            if (set)
                model_remove(&m, name);
            m.fields[m.count++] = (weir_http_field){name, weir_slice_trim(value)};
        }
        check(&f, &m);
    }
    weir_http_fields_clear(&f);
    return 0;
}
