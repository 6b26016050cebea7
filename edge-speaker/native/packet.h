/* One AF_PACKET socket and its ring: what packet.c (opening, receiving) and packet-send.c share. */
#ifndef YURTLB_PACKET_H
#define YURTLB_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "poller.h"

#define FRAMES_PER_TURN 64
#define INFO_FIELDS 5 /* captured bytes, bytes on the wire, packet type, seconds, nanoseconds */

struct packet_socket {
  struct poller poller; /* first: poller_this() returns either */
  uint8_t *ring;
  size_t ring_bytes;
  int ifindex;
  uint32_t block_bytes, frame_bytes, frames_per_block, frame_count, next;
  uint8_t *slots;  /* a JavaScript Buffer: FRAMES_PER_TURN slots of slot_bytes */
  uint32_t *info;  /* a JavaScript Uint32Array: INFO_FIELDS for each slot */
  size_t slot_bytes;
  uint64_t idle_since_ns; /* when the last frame was done with */
  bool answered;          /* something was sent in this turn */
  napi_ref slots_ref, info_ref;
  double received, dropped, truncated; /* totals; reading PACKET_STATISTICS zeroes the kernel's own */
};

napi_value packet_js_send(napi_env env, napi_callback_info info);
napi_value packet_js_send_many(napi_env env, napi_callback_info info);

#endif
