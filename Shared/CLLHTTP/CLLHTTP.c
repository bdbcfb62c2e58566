#include "CLLHTTP.h"

#include <llhttp.h>
#include <stdlib.h>
#include <string.h>

struct http_parser {
    llhttp_t llhttp;
    // While a head is read.
    const char *base;
    struct http_head *head;
    uint32_t fields_seen;
    // A version that is one, but not 1.0 or 1.1.
    int is_other_version;
    // While a body is read.
    http_body_visitor visit;
    void *context;
    uint64_t body_bytes;
    uint64_t overhead_bytes;
    int is_done;
    char last;
};

static int has_controls(const uint8_t *bytes, size_t start, size_t end) {
    unsigned found = 0;
    for (size_t index = start; index < end; index++) {
        uint8_t byte = bytes[index];
        found |= ((byte < 0x20) & (byte != '\t')) | (byte == 0x7F);
    }
    return found != 0;
}

enum http_scan_result http_scan_head(const uint8_t *bytes, size_t count, struct http_scan *scan) {
    while (scan->checked < count) {
        size_t start = scan->line_start;
        const uint8_t *found = memchr(bytes + scan->checked, '\n', count - scan->checked);
        size_t end = found != NULL ? (size_t)(found - bytes) : count;
        // A CR may stand before the LF only, which perhaps has not arrived.
        size_t text_end = end > start && bytes[end - 1] == '\r' ? end - 1 : end;
        if (has_controls(bytes, scan->checked, text_end)) return HTTP_SCAN_BAD;
        uint8_t first = bytes[start];
        if (start > 0 && (first == ' ' || first == '\t' || first == ':')) return HTTP_SCAN_BAD;
        if (found == NULL) {
            scan->checked = text_end;
            return HTTP_SCAN_MORE;
        }
        if (text_end == end) return HTTP_SCAN_BAD;
        scan->line_start = scan->checked = end + 1;
        if (text_end == start) return start > 0 ? HTTP_SCAN_WHOLE : HTTP_SCAN_BAD;
    }
    return HTTP_SCAN_MORE;
}

static struct http_text text_at(struct http_parser *parser, const char *at, size_t count) {
    return (struct http_text){(uint32_t)(at - parser->base), (uint32_t)count};
}
static int on_method(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    parser->head->method = text_at(parser, at, count);
    return 0;
}
static int on_target(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    parser->head->target = text_at(parser, at, count);
    return 0;
}
static int on_version(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    parser->is_other_version = count == 3 && at[0] >= '0' && at[0] <= '9' && at[1] == '.'
        && at[2] >= '0' && at[2] <= '9' && (at[0] != '1' || at[2] > '1');
    return 0;
}
static int on_name(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    // A trailer.
    if (parser->head == NULL) return 0;
    if (parser->fields_seen == parser->head->fields_max) {
        parser->fields_seen++;
        return -1;
    }
    // Beside the value, which an empty one does not report.
    parser->head->fields[parser->fields_seen++] =
        (struct http_field){text_at(parser, at, count), {(uint32_t)(at - parser->base), 0}};
    return 0;
}
static int on_value(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    if (parser->head == NULL) return 0;
    while (count > 0 && (at[count - 1] == ' ' || at[count - 1] == '\t')) count--;
    parser->head->fields[parser->fields_seen - 1].value = text_at(parser, at, count);
    return 0;
}
static int on_head_end(llhttp_t *llhttp) {
    struct http_parser *parser = llhttp->data;
    struct http_head *head = parser->head;
    // The end of the trailers; the head's own comes once.
    if (head == NULL) return 0;
    head->field_count = parser->fields_seen;
    head->method_number = llhttp->method;
    head->major = llhttp->http_major;
    head->minor = llhttp->http_minor;
    head->keeps_alive = llhttp_should_keep_alive(llhttp) != 0;
    head->has_length = (llhttp->flags & F_CONTENT_LENGTH) != 0;
    head->has_coding = (llhttp->flags & F_TRANSFER_ENCODING) != 0;
    head->is_chunked = (llhttp->flags & F_CHUNKED) != 0;
    head->length = head->has_length ? llhttp->content_length : 0;
    return HPE_PAUSED;
}
static int on_body(llhttp_t *llhttp, const char *at, size_t count) {
    struct http_parser *parser = llhttp->data;
    parser->body_bytes += count;
    parser->visit(parser->context, (const uint8_t *)at, count);
    return 0;
}
static int on_message_end(llhttp_t *llhttp) {
    struct http_parser *parser = llhttp->data;
    parser->is_done = 1;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_method = on_method,
    .on_url = on_target,
    .on_version = on_version,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_head_end,
    .on_body = on_body,
    .on_message_complete = on_message_end,
};

struct http_parser *http_parser_create(void) { return calloc(1, sizeof(struct http_parser)); }
void http_parser_destroy(struct http_parser *parser) { free(parser); }

enum http_fault http_parse_head(
    struct http_parser *parser, const uint8_t *bytes, size_t count, struct http_head *head) {
    llhttp_init(&parser->llhttp, HTTP_REQUEST, &settings);
    parser->llhttp.data = parser;
    parser->base = (const char *)bytes;
    parser->head = head;
    parser->fields_seen = 0;
    parser->is_other_version = 0;
    parser->body_bytes = 0;
    parser->overhead_bytes = 0;
    parser->is_done = 0;
    parser->last = 0;
    llhttp_errno_t result = llhttp_execute(&parser->llhttp, parser->base, count);
    parser->head = NULL;
    switch (result) {
    case HPE_PAUSED:
        return llhttp_get_error_pos(&parser->llhttp) == parser->base + count ? HTTP_FAULT_NONE
                                                                              : HTTP_FAULT_SYNTAX;
    case HPE_INVALID_METHOD: return HTTP_FAULT_METHOD;
    case HPE_INVALID_VERSION:
    case HPE_PAUSED_H2_UPGRADE:
        return parser->is_other_version ? HTTP_FAULT_VERSION : HTTP_FAULT_SYNTAX;
    case HPE_UNEXPECTED_CONTENT_LENGTH:
    case HPE_INVALID_CONTENT_LENGTH: return HTTP_FAULT_LENGTH;
    case HPE_INVALID_TRANSFER_ENCODING: return HTTP_FAULT_CODING;
    default:
        if (parser->is_other_version) return HTTP_FAULT_VERSION;
        return parser->fields_seen > head->fields_max ? HTTP_FAULT_FIELDS : HTTP_FAULT_SYNTAX;
    }
}

enum http_fault http_parse_body(
    struct http_parser *parser, const uint8_t *bytes, size_t count, size_t overhead_max,
    http_body_visitor visit, void *context, size_t *consumed, int *is_done) {
    *consumed = 0;
    *is_done = 0;
    if (count == 0) return HTTP_FAULT_NONE;
    const char *text = (const char *)bytes;
    uint64_t before = parser->body_bytes;
    parser->visit = visit;
    parser->context = context;
    int is_chunked = (parser->llhttp.flags & F_CHUNKED) != 0;
    if (llhttp_get_errno(&parser->llhttp) == HPE_PAUSED) llhttp_resume(&parser->llhttp);
    llhttp_errno_t result = llhttp_execute(&parser->llhttp, text, count);
    if (result == HPE_PAUSED && parser->is_done) {
        *consumed = (size_t)(llhttp_get_error_pos(&parser->llhttp) - text);
        *is_done = 1;
        // An LF alone ends trailers for llhttp.
        char beforeLast = *consumed >= 2 ? text[*consumed - 2] : parser->last;
        if (is_chunked && (*consumed == 0 || text[*consumed - 1] != '\n' || beforeLast != '\r'))
            return HTTP_FAULT_CHUNK;
    } else if (result == HPE_OK) {
        *consumed = count;
    } else {
        return HTTP_FAULT_CHUNK;
    }
    if (*consumed > 0) parser->last = text[*consumed - 1];
    parser->overhead_bytes += *consumed - (parser->body_bytes - before);
    if (parser->overhead_bytes > overhead_max + 8 * parser->body_bytes) return HTTP_FAULT_CHUNK;
    return HTTP_FAULT_NONE;
}
