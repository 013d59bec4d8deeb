// SPDX-License-Identifier: MIT
// absent_transports.cpp - in place of the libraries of transports and mechanisms of ZeroMQ that
// procfarm never asks for (PGM, NORM, Kerberos), for programs that are linked with libzmq.a: to
// load and relocate those libraries takes longer than all else that a small program does when it
// starts. Only libzmq refers to these names, so their types do not matter. Hidden: a library that
// the program loads later, and that has Kerberos of its own, does not see them.
#include <cstdio>
#include <cstdlib>

namespace {

[[noreturn]] void absent(const char* name) {
  std::fprintf(stderr, "procfarm: %s: this program was built without PGM, NORM and Kerberos\n",
               name);
  std::abort();
}

}  // namespace

#pragma GCC visibility push(hidden)
extern "C" {

// Called when the first context is made and the last one goes away.
int pgm_init(void*) { return 1; }
int pgm_shutdown() { return 1; }

#define PROCFARM_ABSENT(name) \
  void name() { absent(#name); }

PROCFARM_ABSENT(pgm_bind3)
PROCFARM_ABSENT(pgm_close)
PROCFARM_ABSENT(pgm_connect)
PROCFARM_ABSENT(pgm_error_free)
PROCFARM_ABSENT(pgm_free)
PROCFARM_ABSENT(pgm_freeaddrinfo)
PROCFARM_ABSENT(pgm_getaddrinfo)
PROCFARM_ABSENT(pgm_getsockopt)
PROCFARM_ABSENT(pgm_gsi_create_from_data)
PROCFARM_ABSENT(pgm_recvmsgv)
PROCFARM_ABSENT(pgm_send)
PROCFARM_ABSENT(pgm_setsockopt)
PROCFARM_ABSENT(pgm_socket)

PROCFARM_ABSENT(NormCreateInstance)
PROCFARM_ABSENT(NormCreateSession)
PROCFARM_ABSENT(NormDestroyInstance)
PROCFARM_ABSENT(NormDestroySession)
PROCFARM_ABSENT(NormGetDescriptor)
PROCFARM_ABSENT(NormGetNextEvent)
PROCFARM_ABSENT(NormGetRandomSessionId)
PROCFARM_ABSENT(NormIsUnicastAddress)
PROCFARM_ABSENT(NormNodeDelete)
PROCFARM_ABSENT(NormObjectGetType)
PROCFARM_ABSENT(NormObjectGetUserData)
PROCFARM_ABSENT(NormObjectSetUserData)
PROCFARM_ABSENT(NormSetCongestionControl)
PROCFARM_ABSENT(NormSetDefaultSyncPolicy)
PROCFARM_ABSENT(NormSetDefaultUnicastNack)
PROCFARM_ABSENT(NormSetLoopback)
PROCFARM_ABSENT(NormSetMulticastInterface)
PROCFARM_ABSENT(NormSetRxPortReuse)
PROCFARM_ABSENT(NormSetTTL)
PROCFARM_ABSENT(NormStartReceiver)
PROCFARM_ABSENT(NormStartSender)
PROCFARM_ABSENT(NormStopInstance)
PROCFARM_ABSENT(NormStopReceiver)
PROCFARM_ABSENT(NormStopSender)
PROCFARM_ABSENT(NormStreamFlush)
PROCFARM_ABSENT(NormStreamOpen)
PROCFARM_ABSENT(NormStreamRead)
PROCFARM_ABSENT(NormStreamSeekMsgStart)
PROCFARM_ABSENT(NormStreamWrite)

PROCFARM_ABSENT(gss_accept_sec_context)
PROCFARM_ABSENT(gss_acquire_cred)
PROCFARM_ABSENT(gss_delete_sec_context)
PROCFARM_ABSENT(gss_display_name)
PROCFARM_ABSENT(gss_import_name)
PROCFARM_ABSENT(gss_init_sec_context)
PROCFARM_ABSENT(gss_release_buffer)
PROCFARM_ABSENT(gss_release_cred)
PROCFARM_ABSENT(gss_release_name)
PROCFARM_ABSENT(gss_unwrap)
PROCFARM_ABSENT(gss_wrap)

extern const void* NORM_INSTANCE_INVALID;
extern const void* NORM_OBJECT_INVALID;
extern const void* NORM_SESSION_INVALID;
extern const unsigned NORM_NODE_ANY;
extern const void* GSS_C_NT_HOSTBASED_SERVICE;
extern const void* GSS_C_NT_USER_NAME;
const void* NORM_INSTANCE_INVALID = nullptr;
const void* NORM_OBJECT_INVALID = nullptr;
const void* NORM_SESSION_INVALID = nullptr;
const unsigned NORM_NODE_ANY = 0;
const void* GSS_C_NT_HOSTBASED_SERVICE = nullptr;
const void* GSS_C_NT_USER_NAME = nullptr;
}
#pragma GCC visibility pop
