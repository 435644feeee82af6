/**
 * Seeds OpenSSL's primary random generator again from the kernel; the generators of all threads then seed themselves from it.
 *
 * Without this, all environments that are restored from one snapshot get the same random numbers from Node's crypto module for up
 * to an hour. The kernel's generator is safe: each restore seeds it again. The node binary exports RAND_poll.
 * https://docs.openssl.org/3.5/man3/RAND_add/
 */
#include <node_api.h>

extern int RAND_poll(void);

/** Returns 1 on success. */
static napi_value reseed(napi_env env, napi_callback_info info) {
  napi_value result;
  (void)info;
  return napi_create_int32(env, RAND_poll(), &result) == napi_ok ? result : NULL;
}

NAPI_MODULE_INIT() {
  napi_value function;
  if (napi_create_function(env, "reseed", NAPI_AUTO_LENGTH, reseed, NULL, &function) != napi_ok) return NULL;
  return function;
}
