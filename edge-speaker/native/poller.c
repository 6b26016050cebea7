#include "poller.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "low-descriptor.h"

napi_value throw_errno(napi_env env, int err, const char *syscall) {
  char message[160];
  napi_value text, code, error, value;
  snprintf(message, sizeof message, "%s: %s", syscall, strerror(err));
  if (napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text) != napi_ok) return NULL;
  napi_create_string_utf8(env, uv_err_name(-err), NAPI_AUTO_LENGTH, &code);
  napi_create_error(env, code, text, &error);
  napi_create_int32(env, err, &value);
  napi_set_named_property(env, error, "errno", value);
  napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, error, "syscall", value);
  napi_throw(env, error);
  return NULL;
}

napi_value throw_type(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

bool get_int(napi_env env, napi_value object, const char *name, int64_t *out) {
  napi_value value;
  napi_valuetype type;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) return false;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_number) return false;
  return napi_get_value_int64(env, value, out) == napi_ok;
}

bool add_method(napi_env env, napi_value object, const char *name, napi_callback method) {
  napi_value fn;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, method, NULL, &fn) == napi_ok &&
         napi_set_named_property(env, object, name, fn) == napi_ok;
}

static void free_when_unused(struct poller *p) {
  if (p->closed && !p->wrapped) p->release(p);
}

static void on_closed(uv_handle_t *handle) {
  struct poller *p = handle->data;
  p->closed = true;
  if (p->hook != NULL) napi_remove_async_cleanup_hook(p->hook);
  p->hook = NULL;
  free_when_unused(p);
}

void poller_close(struct poller *p) {
  if (p->closing) return;
  p->closing = true;
  uv_poll_stop(&p->poll);
  if (p->shut != NULL) p->shut(p);
  close_descriptor(p->fd);
  p->fd = -1;
  napi_handle_scope scope;
  if (napi_open_handle_scope(p->env, &scope) == napi_ok) {
    napi_delete_reference(p->env, p->self);
    napi_delete_reference(p->env, p->on_read);
    napi_delete_reference(p->env, p->on_error);
    napi_async_destroy(p->env, p->context);
    napi_close_handle_scope(p->env, scope);
  }
  uv_close((uv_handle_t *)&p->poll, on_closed);
}

/* The environment (a worker, or the process) ends while the socket is open. */
static void on_environment_end(napi_async_cleanup_hook_handle handle, void *data) {
  (void)handle; /* on_closed removes it: that is how the environment learns we are done */
  poller_close(data);
}

static void on_garbage(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  struct poller *p = data;
  p->wrapped = false;
  poller_close(p);
  free_when_unused(p);
}

static void call(struct poller *p, napi_ref target, size_t argc, const napi_value *argv) {
  napi_value self, fn, result, exception;
  bool pending = false;
  if (p->closing) return;
  if (napi_get_reference_value(p->env, p->self, &self) != napi_ok || self == NULL) return;
  if (napi_get_reference_value(p->env, target, &fn) != napi_ok || fn == NULL) return;
  napi_make_callback(p->env, p->context, self, fn, argc, argv, &result);
  if (napi_is_exception_pending(p->env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(p->env, &exception);
    napi_fatal_exception(p->env, exception);
  }
}

void poller_emit_read(struct poller *p, size_t argc, const napi_value *argv) { call(p, p->on_read, argc, argv); }

void poller_emit_error(struct poller *p, int err, const char *syscall, bool stop) {
  napi_value argv[3];
  napi_handle_scope scope;
  if (p->closing) return;
  if (stop) uv_poll_stop(&p->poll);
  if (napi_open_handle_scope(p->env, &scope) != napi_ok) return;
  napi_create_string_utf8(p->env, uv_err_name(-err), NAPI_AUTO_LENGTH, &argv[0]);
  napi_create_string_utf8(p->env, syscall, NAPI_AUTO_LENGTH, &argv[1]);
  napi_create_int32(p->env, err, &argv[2]);
  call(p, p->on_error, 3, argv);
  napi_close_handle_scope(p->env, scope);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  struct poller *p = poll->data;
  if (status < 0) {
    /* libuv says only "bad" for POLLERR; the socket knows what happened (ENETDOWN, ENOBUFS). */
    int err = 0;
    socklen_t size = sizeof err;
    if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &err, &size) != 0 || err == 0) err = -status;
    /* An overrun passes; libuv stopped polling all the same. */
    bool passes = err == ENOBUFS && uv_poll_start(poll, UV_READABLE, on_poll) == 0;
    poller_emit_error(p, err, "poll", !passes);
  } else if (events & UV_READABLE) {
    napi_handle_scope scope;
    if (napi_open_handle_scope(p->env, &scope) == napi_ok) {
      p->readable(p);
      napi_close_handle_scope(p->env, scope);
    }
  }
}

bool poller_adopt(napi_env env, struct poller *p, napi_value object, napi_value on_read, napi_value on_error) {
  napi_value name;
  uv_loop_t *loop;
  int rc;
  p->env = env;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    throw_type(env, "no event loop");
    return false;
  }
  if ((rc = uv_poll_init(loop, &p->poll, p->fd)) != 0) {
    throw_errno(env, -rc, "uv_poll_init");
    return false;
  }
  /* From here on libuv knows the handle: what fails now is undone by poller_close, not by the caller. */
  p->poll.data = p;
  napi_create_string_utf8(env, "yurtlb:socket", NAPI_AUTO_LENGTH, &name);
  napi_create_reference(env, object, 1, &p->self);
  napi_create_reference(env, on_read, 1, &p->on_read);
  napi_create_reference(env, on_error, 1, &p->on_error);
  napi_async_init(env, object, name, &p->context);
  napi_add_async_cleanup_hook(env, on_environment_end, p, &p->hook);
  p->wrapped = napi_wrap(env, object, p, on_garbage, NULL, NULL) == napi_ok;
  rc = uv_poll_start(&p->poll, UV_READABLE, on_poll);
  if (rc != 0 || !p->wrapped) {
    poller_close(p);
    throw_errno(env, rc != 0 ? -rc : EINVAL, "uv_poll_start");
  }
  return true;
}

void *poller_this(napi_env env, napi_callback_info info, size_t *argc, napi_value *argv) {
  napi_value self;
  void *p = NULL;
  if (napi_get_cb_info(env, info, argc, argv, &self, NULL) != napi_ok || napi_unwrap(env, self, &p) != napi_ok) {
    throw_type(env, "called on something that is no socket of this addon");
    return NULL;
  }
  return p;
}

napi_value poller_js_close(napi_env env, napi_callback_info info) {
  struct poller *p = poller_this(env, info, NULL, NULL);
  if (p != NULL) poller_close(p);
  return NULL;
}

napi_value poller_js_ref(napi_env env, napi_callback_info info) {
  struct poller *p = poller_this(env, info, NULL, NULL);
  if (p != NULL && !p->closing) uv_ref((uv_handle_t *)&p->poll);
  return NULL;
}

napi_value poller_js_unref(napi_env env, napi_callback_info info) {
  struct poller *p = poller_this(env, info, NULL, NULL);
  if (p != NULL && !p->closing) uv_unref((uv_handle_t *)&p->poll);
  return NULL;
}
