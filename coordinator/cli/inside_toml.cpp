// SPDX-License-Identifier: MIT
// inside_toml.cpp - toml++'s library, made of its headers: what Debian has as libtomlplusplus.so
// only. See meson.build.
#define TOML_IMPLEMENTATION
#include <toml++/toml.h>
