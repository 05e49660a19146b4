/* Leat's sockets for C programs: the calls of POSIX and Linux with the prefix `leat_`, on a TCP/IP host of the process
 * instead of the kernel. The manual pages describe the calls and their errors; docs/kernel-differences.md lists the
 * differences. A call that fails returns -1 and sets errno.
 *
 *   leat_host_open("tap:leat0 10.0.0.2/24 gateway 10.0.0.1");
 *   int fd = leat_socket(AF_INET, SOCK_STREAM, 0);
 *
 * Descriptors are Leat's own: small numbers from 3. The kernel's calls do not accept them, and Leat's calls do not
 * accept the kernel's descriptors.
 *
 * Threads: any thread may make any call, and several may use one descriptor at once. The host runs on its own thread,
 * and a call sends it a message. A signal handler without SA_RESTART ends a waiting call with EINTR.
 *
 * fork(): the child has no host. Its calls fail with EBADF and send nothing, and the parent is not affected. The child
 * may open its own host.
 *
 * EFAULT: the error for a pointer into the first page, such as NULL, that the call would use. Other pointers are not
 * checked.
 *
 * SIGPIPE: raised in the calling thread, as by the kernel. MSG_NOSIGNAL prevents it. */
#pragma once

#include <poll.h>
#include <stddef.h>  // NOLINT(modernize-deprecated-headers): C reads this too
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens the host of the process. `config` has words with spaces between them: a link, then further words in any order.
 * Each host also has a loopback interface with 127.0.0.1 and the routes to its own addresses.
 *   link     loopback (no other link), tap:NAME, tun:NAME, packet:INTERFACE, xdp:INTERFACE or memory:NAME
 *   address  such as 10.0.0.2/24; one or more, none with `loopback`
 *   gateway ADDRESS    mac ADDRESS    mtu BYTES
 *   impair SPEC        faults of the link, such as in:loss=1%,delay=20ms (leat/impairment.h); may be repeated
 *   poll HOW           adaptive, busy or sleep: how the host waits for packets (leat/polling.h)
 *   capture FILE       captures all frames in pcapng
 *   congestion NAME    congestion control of new sockets
 * Returns 0, or -1 with errno: EFAULT (`config` is NULL), EINVAL (a word is wrong), EBUSY (the process has a host),
 * EPERM, ENETDOWN (the interface does not exist or is down), EADDRINUSE, or another error from opening the link. Except
 * after EFAULT, leat_host_trouble() gives the reason. */
int leat_host_open(const char* config);
/* Resets all connections, ends waiting calls with ENETDOWN, and closes the host and its descriptors. Returns -1 with
 * EBADF if the process has no host. Must not be called while another thread opens a host. */
int leat_host_close(void);
/* The reason why the last failed leat_host_open() of the calling thread failed: a sentence. Never NULL; empty if none
 * has failed. Valid until the next leat_host_open() of the thread, or its end. */
const char* leat_host_trouble(void);

int leat_socket(int domain, int type, int protocol); /* AF_INET, SOCK_STREAM */
int leat_bind(int fd, const struct sockaddr* address, socklen_t length);
int leat_listen(int fd, int backlog);
int leat_accept(int fd, struct sockaddr* address, socklen_t* length);
int leat_accept4(int fd, struct sockaddr* address, socklen_t* length, int flags);
int leat_connect(int fd, const struct sockaddr* address, socklen_t length);
int leat_shutdown(int fd, int how);
int leat_close(int fd);
int leat_dup(int fd);
int leat_getsockname(int fd, struct sockaddr* address, socklen_t* length);
int leat_getpeername(int fd, struct sockaddr* address, socklen_t* length);

ssize_t leat_read(int fd, void* buffer, size_t size);
ssize_t leat_readv(int fd, const struct iovec* buffers, int count);
ssize_t leat_recv(int fd, void* buffer, size_t size, int flags);
ssize_t leat_recvfrom(int fd, void* buffer, size_t size, int flags, struct sockaddr* address, socklen_t* length);
ssize_t leat_recvmsg(int fd, struct msghdr* message, int flags);
ssize_t leat_write(int fd, const void* buffer, size_t size);
ssize_t leat_writev(int fd, const struct iovec* buffers, int count);
ssize_t leat_send(int fd, const void* buffer, size_t size, int flags);
ssize_t leat_sendto(int fd, const void* buffer, size_t size, int flags, const struct sockaddr* address,
                    socklen_t length);
ssize_t leat_sendmsg(int fd, const struct msghdr* message, int flags);

int leat_setsockopt(int fd, int level, int name, const void* value, socklen_t length);
int leat_getsockopt(int fd, int level, int name, void* value, socklen_t* length);
int leat_fcntl(int fd, int command, ...);           /* F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD(_CLOEXEC) */
int leat_ioctl(int fd, unsigned long request, ...); /* FIONREAD, FIONBIO, SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK */

/* These calls take Leat's descriptors only. Time-outs are in milliseconds; a negative one never ends the wait. */
int leat_poll(struct pollfd* fds, nfds_t count, int timeout);
int leat_select(int nfds, fd_set* read, fd_set* write, fd_set* except, struct timeval* timeout);
int leat_epoll_create(int size);
int leat_epoll_create1(int flags);
int leat_epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event);
int leat_epoll_wait(int epoll, struct epoll_event* events, int count, int timeout);

#ifdef __cplusplus
}
#endif
