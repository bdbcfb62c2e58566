#pragma once
// llhttp, the HTTP parser of node, as Debian ships its sources, compiled strict. Swift sees neither its
// struct nor its callbacks: a head is read in one call, a body in one call for each piece that arrived.
#include <stddef.h>
#include <stdint.h>

// A part of the bytes that were given to http_parse_head.
struct http_text {
    uint32_t start;
    uint32_t count;
};
struct http_field {
    struct http_text name;
    struct http_text value;
};

// What llhttp found in a head. The owner provides the fields and says how many there is room for.
struct http_head {
    struct http_field *fields;
    uint32_t fields_max;
    uint32_t field_count;
    struct http_text method;
    struct http_text target;
    // As llhttp numbers them.
    uint8_t method_number;
    uint8_t major;
    uint8_t minor;
    // Whether the client expects the connection to stay open.
    uint8_t keeps_alive;
    uint8_t has_length;
    // Transfer-Encoding is there, and ends with chunked.
    uint8_t has_coding;
    uint8_t is_chunked;
    uint64_t length;
};

enum http_fault {
    HTTP_FAULT_NONE = 0,
    HTTP_FAULT_SYNTAX,
    HTTP_FAULT_METHOD,
    HTTP_FAULT_VERSION,
    HTTP_FAULT_LENGTH,
    HTTP_FAULT_CODING,
    HTTP_FAULT_FIELDS,
    HTTP_FAULT_CHUNK,
};

// Where the search for the end of a head stands; all zero at its first byte.
struct http_scan {
    size_t line_start;
    size_t checked;
};
enum http_scan_result {
    HTTP_SCAN_MORE,
    HTTP_SCAN_WHOLE,
    HTTP_SCAN_BAD,
};

// Looks for the empty line that ends a head, from where it stopped; when it is there, scan->line_start is
// the head's length. Refuses on the way what llhttp (8.1) reads for us or ends a message at: a line that
// does not end with CR LF, a CR elsewhere, other control characters, a line that goes on the one before
// or that has no name.
enum http_scan_result http_scan_head(const uint8_t *bytes, size_t count, struct http_scan *scan);

struct http_parser;
struct http_parser *http_parser_create(void);
void http_parser_destroy(struct http_parser *parser);

// Reads the head of `count` bytes that http_scan_head found whole.
enum http_fault http_parse_head(
    struct http_parser *parser, const uint8_t *bytes, size_t count, struct http_head *head);

typedef void (*http_body_visitor)(void *context, const uint8_t *bytes, size_t count);

// Reads what follows the head that was parsed last. `consumed` is how many bytes belong to this message;
// `is_done` becomes 1 at its end. Extensions of chunks and trailers are read and dropped; more than
// `overhead_max` bytes of them, and of framing beyond eight times the body, are HTTP_FAULT_CHUNK.
enum http_fault http_parse_body(
    struct http_parser *parser, const uint8_t *bytes, size_t count, size_t overhead_max,
    http_body_visitor visit, void *context, size_t *consumed, int *is_done);
