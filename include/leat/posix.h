/* Leat's sockets for C programs: the calls of POSIX and Linux with `leat_` in front, on a TCP/IP host of the process's
 * own instead of the kernel. What they mean, and their errors, is what the manual pages say (what differs is in
 * docs/kernel-differences.md): they give -1 and set errno.
 *
 *   leat_host_open("tap:leat0 10.0.0.2/24 gateway 10.0.0.1");
 *   int fd = leat_socket(AF_INET, SOCK_STREAM, 0);
 *
 * Descriptors are Leat's: small numbers from 3, which mean nothing to the kernel, as the kernel's mean nothing here.
 *
 * Threads: every call may be made from any thread, several at once, on one descriptor too. The host runs on a thread
 * of its own; a call is a message to it. A signal handler without SA_RESTART ends a call that waits, with EINTR.
 * fork(): the child has no host. Every call fails there with EBADF, nothing is sent, and the parent goes on; the child
 * may open a host of its own.
 *
 * EFAULT: given for pointers into the first page (NULL), as far as the call would use them; others are trusted.
 * SIGPIPE: raised in the calling thread as by the kernel; MSG_NOSIGNAL prevents it. */
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

/* Opens the process's host. `config` is words with spaces between them: a link, then what else there is to say, in any
 * order. A host has a loopback interface (127.0.0.1, and the way to its own addresses) in any case.
 *   link     loopback (nothing else), tap:NAME, tun:NAME, packet:INTERFACE, xdp:INTERFACE or memory:NAME
 *   address  10.0.0.2/24, one or more; none on `loopback`
 *   gateway ADDRESS    mac ADDRESS    mtu BYTES
 *   impair SPEC        faults of the link, as in:loss=1%,delay=20ms; may be repeated
 *   poll HOW           adaptive, busy or sleep: how the host waits for packets (leat/polling.h)
 *   capture FILE       every frame as pcapng
 *   congestion NAME    of new sockets
 * 0, or -1 with errno: EINVAL (leat_host_trouble() says why), EBUSY (there is a host already), EPERM, ENODEV,
 * EADDRINUSE and what else opening the link gives. */
int leat_host_open(const char* config);
/* Resets what is open, ends the calls that wait (ENETDOWN), and closes the host; its descriptors are gone. -1 and EBADF
 * when there is none. Not while another thread opens one. */
int leat_host_close(void);
/* Why the calling thread's last leat_host_open() failed: a sentence for people. Never NULL. */
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

/* Leat's descriptors only. Time-outs in milliseconds; negative: for ever. */
int leat_poll(struct pollfd* fds, nfds_t count, int timeout);
int leat_select(int nfds, fd_set* read, fd_set* write, fd_set* except, struct timeval* timeout);
int leat_epoll_create(int size);
int leat_epoll_create1(int flags);
int leat_epoll_ctl(int epoll, int operation, int fd, struct epoll_event* event);
int leat_epoll_wait(int epoll, struct epoll_event* events, int count, int timeout);

#ifdef __cplusplus
}
#endif
