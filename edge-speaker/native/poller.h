/*
 * A file descriptor on Node's loop, owned by one JavaScript object: what packet.c and route.c share.
 *
 * Life: poller_adopt() ties fd, loop and object together and keeps the object alive. poller_close() (from JavaScript, the
 * finalizer or the end of the environment) may be called any number of times; the memory goes in libuv's close callback.
 */
#ifndef YURTLB_POLLER_H
#define YURTLB_POLLER_H

#include <node_api.h>
#include <stdbool.h>
#include <uv.h>

struct poller {
  napi_env env;
  napi_ref self;      /* strong while open: an open socket is not garbage */
  napi_ref on_read;   /* function */
  napi_ref on_error;  /* function(code, syscall, errno) */
  napi_async_context context;
  napi_async_cleanup_hook_handle hook;
  uv_poll_t poll;
  int fd;             /* -1 once closed */
  bool closing;
  bool closed;        /* libuv is done with the handle */
  bool wrapped;       /* the JavaScript object still points here */
  void (*readable)(struct poller *); /* drains at most one turn's worth */
  void (*shut)(struct poller *);     /* before the descriptor closes; may be NULL */
  void (*release)(struct poller *);  /* frees what the owner holds, then the struct */
};

/* Throws a JavaScript Error with code, errno and syscall. Returns NULL so that callers may return it. */
napi_value throw_errno(napi_env env, int err, const char *syscall);
napi_value throw_type(napi_env env, const char *message);

/* Makes `object` the owner of p->fd. Returns false with an exception pending; the caller then frees p itself. */
bool poller_adopt(napi_env env, struct poller *p, napi_value object, napi_value on_read, napi_value on_error);
void poller_close(struct poller *p);

/* Calls on_read(arguments) from the loop; an exception in it is the program's uncaught exception, as in any callback. */
void poller_emit_read(struct poller *p, size_t argc, const napi_value *argv);

/* Stops reading and calls on_error: a dead interface must not make the loop spin. The owner decides when to close. */
void poller_emit_error(struct poller *p, int err, const char *syscall, bool stop);

/* The struct behind `this`, or NULL with an exception pending. */
void *poller_this(napi_env env, napi_callback_info info, size_t *argc, napi_value *argv);

napi_value poller_js_close(napi_env env, napi_callback_info info);
napi_value poller_js_ref(napi_env env, napi_callback_info info);
napi_value poller_js_unref(napi_env env, napi_callback_info info);

bool get_int(napi_env env, napi_value object, const char *name, int64_t *out);
bool add_method(napi_env env, napi_value object, const char *name, napi_callback method);

#endif
