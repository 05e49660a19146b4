// setsockopt() and getsockopt(), level by level. Each function gives errno, or 0. Called by StreamSocket's owner,
// which tells the Stack what has changed.
#pragma once

#include "socket/option_value.h"
#include "socket/stream_socket.h"

namespace leat {

// options_socket.cc: SOL_SOCKET
int set_socket_option(StreamSocket& socket, int name, const OptionInput& input);
int get_socket_option(StreamSocket& socket, int name, const OptionOutput& output);
// options_ip.cc: IPPROTO_IP
int set_ip_option(StreamSocket& socket, int name, const OptionInput& input);
int get_ip_option(StreamSocket& socket, int name, const OptionOutput& output);
// options_tcp.cc: IPPROTO_TCP
int set_tcp_option(StreamSocket& socket, int name, const OptionInput& input, Instant now);
int get_tcp_option(StreamSocket& socket, int name, const OptionOutput& output, Instant now);
// tcp_info_option.cc: TCP_INFO, in the layout of struct tcp_info
int get_tcp_info(const StreamSocket& socket, Instant now, const OptionOutput& output);

}  // namespace leat
