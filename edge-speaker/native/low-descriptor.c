/*
 * Descriptor numbers for packet sockets, below those of everything the program opens later.
 *
 * When a process is killed, Linux closes its descriptors from the highest number down (exit_files() queues each last
 * close as task work, which runs newest first), and closing one AF_PACKET socket waits for an RCU grace period: 14 to
 * 27 ms. A session or its listener with a lower number would be closed only after that, and the others would learn of
 * the death so much later. Measured on Linux 6.18, end of a TCP session after SIGKILL: 1.5 ms with the packet socket
 * below it, 22 ms above it.
 */
#include "low-descriptor.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

#define PLACES 8 /* links that announce at the same time; more than these are served too, with any number */

static struct {
  int fd; /* 0: not kept; an open file on /dev/null while it is free */
  bool taken;
} places[PLACES];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void keep_low_descriptors(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLACES; i++) {
    if (places[i].fd > 0) continue;
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd > 0) places[i].fd = fd;
  }
  pthread_mutex_unlock(&lock);
}

int to_low_descriptor(int fd) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLACES; i++) {
    if (places[i].fd <= 0 || places[i].taken || places[i].fd > fd) continue;
    if (dup3(fd, places[i].fd, O_CLOEXEC) < 0) break;
    close(fd);
    places[i].taken = true;
    fd = places[i].fd;
    break;
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

void close_descriptor(int fd) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < PLACES; i++) {
    if (!places[i].taken || places[i].fd != fd) continue;
    places[i].taken = false;
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (empty < 0 || dup3(empty, fd, O_CLOEXEC) < 0) places[i].fd = 0; /* the number is anybody's now */
    else fd = -1;
    if (empty >= 0) close(empty);
    break;
  }
  pthread_mutex_unlock(&lock);
  if (fd >= 0) close(fd);
}
