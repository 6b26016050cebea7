/*
 * What Node cannot do by itself on Linux, and nothing else: raw Ethernet frames and rtnetlink, on Node's own loop.
 * JavaScript side: edge-speaker/src/io/native.ts.
 */
#include "low-descriptor.h"
#include "poller.h"

napi_value open_packet(napi_env env, napi_callback_info info);
napi_value open_route(napi_env env, napi_callback_info info);

NAPI_MODULE_INIT() {
  keep_low_descriptors();
  if (!add_method(env, exports, "openPacket", open_packet)) return NULL;
  if (!add_method(env, exports, "openRoute", open_route)) return NULL;
  return exports;
}
