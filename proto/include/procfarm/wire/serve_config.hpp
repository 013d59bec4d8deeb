// SPDX-License-Identifier: MIT
// serve_config.hpp - SupervisorConfig as bytes, for the file of memory that an executed supervisor
// (and, with StartMethod::spawn, each worker) finds at a known descriptor.
#pragma once

#include <string>
#include <string_view>

#include <procfarm/codec.hpp>
#include <procfarm/wire/control.hpp>

namespace procfarm {

template <>
struct codec<wire::SupervisorConfig> {
  static void encode(Writer& writer, const wire::SupervisorConfig& config);
  static wire::SupervisorConfig decode(Reader& reader);
};

namespace wire {

/// Where an executed supervisor finds its descriptors.
inline constexpr int control_fd = 3;
inline constexpr int config_fd = 4;

/// Descriptors are duplicated to here before they are put at their known numbers.
inline constexpr int above_known_fds = 20;

}  // namespace wire

}  // namespace procfarm
