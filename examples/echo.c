/* An echo server in C on leat_epoll_*: level-triggered, one thread, any number of clients.
 *
 *   echo "tap:leat0 10.0.0.2/24" 7
 *
 * It ends with its standard input. It stops reading from a client that does not read its answers. */
#include <errno.h>
#include <leat/posix.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_EVENTS = 256, BUFFER = 16384 };

struct client {
  int fd;
  size_t size, sent; /* of the data to send back */
  char data[BUFFER];
};

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void watch(int epoll, int operation, int fd, unsigned events, void* who) {
  struct epoll_event event = {.events = events, .data.ptr = who};
  if (leat_epoll_ctl(epoll, operation, fd, &event) != 0) fail("epoll_ctl");
}

static void welcome(int epoll, int listener) {
  int fd;
  while ((fd = leat_accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct client* client = malloc(sizeof *client);
    if (client == NULL) fail("malloc");
    client->fd = fd;
    client->size = client->sent = 0;
    watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN, client);
  }
}

/* Returns false when the client has ended. */
static int serve(int epoll, struct client* client) {
  for (;;) {
    while (client->sent < client->size) {
      ssize_t n = leat_send(client->fd, client->data + client->sent, client->size - client->sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) {
        watch(epoll, EPOLL_CTL_MOD, client->fd, EPOLLOUT, client);
        return 1;
      }
      if (n < 0) return 0;
      client->sent += (size_t)n;
    }
    ssize_t n = leat_read(client->fd, client->data, sizeof client->data);
    if (n < 0 && errno == EAGAIN) {
      watch(epoll, EPOLL_CTL_MOD, client->fd, EPOLLIN, client);
      return 1;
    }
    if (n <= 0) return 0;
    client->size = (size_t)n;
    client->sent = 0;
  }
}

static void* until_input_ends(void* unused) {
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  exit(0);
  return unused;
}

int main(int argc, char** argv) {
  if (argc != 3) return fprintf(stderr, "usage: echo \"LINK ADDRESS/LENGTH ...\" PORT\n"), 2;
  if (leat_host_open(argv[1]) != 0) return fprintf(stderr, "%s\n", leat_host_trouble()), 1;
  int listener = leat_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = leat_epoll_create1(0);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[2]))};
  if (leat_bind(listener, (struct sockaddr*)&any, sizeof any) != 0) fail("bind");
  if (leat_listen(listener, 4096) != 0) fail("listen");
  watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
  puts("listening"), fflush(stdout);
  pthread_t thread;
  pthread_create(&thread, NULL, until_input_ends, NULL);
  for (;;) {
    struct epoll_event events[MOST_EVENTS];
    int n = leat_epoll_wait(epoll, events, MOST_EVENTS, -1);
    for (int i = 0; i < n; ++i) {
      struct client* client = events[i].data.ptr;
      if (client == NULL) {
        welcome(epoll, listener);
      } else if (!serve(epoll, client)) {
        leat_close(client->fd);
        free(client);
      }
    }
  }
}
