/* Frames out of an AF_PACKET socket: one, or the answers of a whole batch in one system call. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "packet.h"

/* send(frame): 0, or the errno as a negative number: a full queue is no exception of the program. */
napi_value packet_js_send(napi_env env, napi_callback_info info) {
  size_t argc = 1, length;
  napi_value argv[1], result;
  void *frame;
  struct packet_socket *s = poller_this(env, info, &argc, argv);
  if (s == NULL) return NULL;
  if (argc < 1 || napi_get_buffer_info(env, argv[0], &frame, &length) != napi_ok) {
    return throw_type(env, "send takes a Buffer");
  }
  int rc = -EBADF;
  s->answered = true;
  if (s->poller.fd >= 0) rc = send(s->poller.fd, frame, length, MSG_DONTWAIT) < 0 ? -errno : 0;
  napi_create_int32(env, rc, &result);
  return result;
}

/* sendMany(slots, slotBytes, lengths, count): frames sent, or a negative errno when not even the first went out. */
napi_value packet_js_send_many(napi_env env, napi_callback_info info) {
  size_t argc = 4, bytes, words;
  napi_value argv[4], result;
  uint8_t *slots;
  void *lengths;
  uint32_t slot_bytes, count;
  napi_typedarray_type type;
  struct mmsghdr messages[FRAMES_PER_TURN];
  struct iovec parts[FRAMES_PER_TURN];
  struct packet_socket *s = poller_this(env, info, &argc, argv);
  if (s == NULL) return NULL;
  if (argc < 4 || napi_get_buffer_info(env, argv[0], (void **)&slots, &bytes) != napi_ok ||
      napi_get_value_uint32(env, argv[1], &slot_bytes) != napi_ok ||
      napi_get_typedarray_info(env, argv[2], &type, &words, &lengths, NULL, NULL) != napi_ok ||
      type != napi_uint32_array || napi_get_value_uint32(env, argv[3], &count) != napi_ok ||
      count > FRAMES_PER_TURN || count > words || (size_t)count * slot_bytes > bytes) {
    return throw_type(env, "sendMany takes (Buffer, slotBytes, Uint32Array, count)");
  }
  memset(messages, 0, sizeof messages);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t length = ((uint32_t *)lengths)[i];
    parts[i].iov_base = slots + (size_t)i * slot_bytes;
    parts[i].iov_len = length < slot_bytes ? length : slot_bytes;
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int rc = -EBADF;
  s->answered = true;
  if (s->poller.fd >= 0) {
    rc = sendmmsg(s->poller.fd, messages, count, MSG_DONTWAIT);
    if (rc < 0) rc = -errno;
  }
  napi_create_int32(env, rc, &result);
  return result;
}
