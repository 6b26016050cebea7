/*
 * rtnetlink: the kernel tells at once when a link, an address or a route changes. Messages go to JavaScript as they are;
 * edge-speaker/src/io/rtnetlink.ts reads them. See rtnetlink(7), netlink(7).
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "poller.h"

#define DATAGRAMS_PER_TURN 16
#define DATAGRAM_BYTES 32768 /* the kernel fills dump datagrams up to 32 KiB when the reader offers that much */
#define RECEIVE_BUFFER (1 << 20)

struct route_socket {
  struct poller poller;
  uint8_t buffer[DATAGRAM_BYTES];
};

static void on_readable(struct poller *p) {
  struct route_socket *s = (struct route_socket *)p;
  for (int i = 0; i < DATAGRAMS_PER_TURN && !p->closing; i++) {
    struct sockaddr_nl from = {0};
    struct iovec part = {.iov_base = s->buffer, .iov_len = sizeof s->buffer};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t length = recvmsg(p->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      poller_emit_error(p, errno, "recvmsg", errno != ENOBUFS);
      return;
    }
    if (from.nl_pid != 0) continue; /* only the kernel is believed */
    if ((size_t)length > sizeof s->buffer) {
      poller_emit_error(p, ENOBUFS, "recvmsg", false); /* cut short: as good as lost */
      continue;
    }
    napi_value argv;
    if (napi_create_buffer_copy(p->env, (size_t)length, s->buffer, NULL, &argv) != napi_ok) return;
    poller_emit_read(p, 1, &argv);
  }
}

static void release(struct poller *p) { free(p); }

/* send(request): a netlink message, whole; 0 or a negative errno. */
static napi_value js_send(napi_env env, napi_callback_info info) {
  size_t argc = 1, length;
  napi_value argv[1], result;
  void *request;
  struct route_socket *s = poller_this(env, info, &argc, argv);
  if (s == NULL) return NULL;
  if (argc < 1 || napi_get_buffer_info(env, argv[0], &request, &length) != napi_ok) {
    return throw_type(env, "send takes a Buffer");
  }
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  int rc = -EBADF;
  if (s->poller.fd >= 0) {
    rc = sendto(s->poller.fd, request, length, MSG_DONTWAIT, (struct sockaddr *)&kernel, sizeof kernel) < 0 ? -errno : 0;
  }
  napi_create_int32(env, rc, &result);
  return result;
}

/* openRoute({ groups, onMessages, onError }): groups is a mask of RTMGRP_*. */
napi_value open_route(napi_env env, napi_callback_info cb) {
  size_t argc = 1;
  napi_value options, object, on_messages, on_error;
  int64_t groups;
  if (napi_get_cb_info(env, cb, &argc, &options, NULL, NULL) != napi_ok || argc < 1 ||
      !get_int(env, options, "groups", &groups) ||
      napi_get_named_property(env, options, "onMessages", &on_messages) != napi_ok ||
      napi_get_named_property(env, options, "onError", &on_error) != napi_ok) {
    return throw_type(env, "openRoute: an option is missing or of the wrong type");
  }
  struct route_socket *s = calloc(1, sizeof *s);
  if (s == NULL) return throw_errno(env, ENOMEM, "calloc");
  s->poller.readable = on_readable;
  s->poller.release = release;
  s->poller.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  struct sockaddr_nl local = {.nl_family = AF_NETLINK, .nl_groups = (uint32_t)groups};
  int size = RECEIVE_BUFFER; /* capped by net.core.rmem_max; an overrun is reported and answered by a new dump */
  const char *failed = NULL;
  if (s->poller.fd < 0) {
    failed = "socket(AF_NETLINK)";
  } else {
    setsockopt(s->poller.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (bind(s->poller.fd, (struct sockaddr *)&local, sizeof local) != 0) failed = "bind(AF_NETLINK)";
  }
  if (failed != NULL) {
    int err = errno;
    if (s->poller.fd >= 0) close(s->poller.fd);
    release(&s->poller);
    return throw_errno(env, err, failed);
  }
  napi_create_object(env, &object);
  if (!add_method(env, object, "send", js_send) || !add_method(env, object, "close", poller_js_close) ||
      !add_method(env, object, "ref", poller_js_ref) || !add_method(env, object, "unref", poller_js_unref) ||
      !poller_adopt(env, &s->poller, object, on_messages, on_error)) {
    close(s->poller.fd);
    release(&s->poller);
    return NULL;
  }
  return object;
}
