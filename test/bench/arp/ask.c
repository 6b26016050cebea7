/*
 * Asks by ARP for one address, faster than any contestant answers, and prints one JSON line with what came back.
 *
 *   ask INTERFACE ADDRESS MAC latency COUNT PAUSE_US  one question at a time, with a pause after each answer
 *   ask INTERFACE ADDRESS MAC window COUNT SIZE      SIZE questions without an answer are under way
 *   ask INTERFACE ADDRESS MAC flood COUNT            all at once; then until no answer came for 300 ms
 *   ask INTERFACE ADDRESS MAC first INTERVAL_US MS   until the first answer, at most MS; prints [] when it begins to ask
 *
 * MAC is where questions go: ff:ff:ff:ff:ff:ff asks everybody. Answers lie in a receive ring that holds all of them, each with
 * the kernel's time of arrival, so that a slow reader loses nothing and its own waking up is not measured.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ARP_FRAME 42
#define SLOT 128
#define SLOTS (1 << 17)
#define BLOCK (1 << 16)
#define BATCH 64
#define LOST_MS 1000
#define QUIET_MS 300
#define MACS 8
#define SECOND 1000000000ull

static int fd;
static uint8_t *ring, question[ARP_FRAME];
static uint32_t next_slot;

/* What came: answers to us by the MAC in them, everything else about the address apart. Times in ns since the Unix epoch. */
static struct {
  uint64_t answers, last_ns, first_probe_ns, first_announcement_ns;
  struct {
    uint8_t mac[6];
    uint64_t answers, unasked;
  } by[MACS];
} seen;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* Frames whose sender or target address is the one asked for; the kernel looks, so that others cost nothing. */
static void filter(uint32_t ip) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 28), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ip, 2, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 38), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ip, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffff),      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) die("filter");
}

static void open_link(const char *name, const char *address, const char *mac) {
  struct ifreq request = {0};
  struct in_addr ip;
  int version = TPACKET_V2;
  struct tpacket_req size = {BLOCK, SLOTS / (BLOCK / SLOT), SLOT, SLOTS};
  struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
  static const uint8_t head[] = {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, ARPOP_REQUEST};
  if (inet_pton(AF_INET, address, &ip) != 1) die(address);
  if (sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &question[0], &question[1], &question[2], &question[3], &question[4],
             &question[5]) != 6)
    die(mac);
  if ((fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0)) < 0) die("socket");
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, SIOCGIFHWADDR, &request) != 0) die(name);
  memcpy(question + 6, request.ifr_hwaddr.sa_data, 6);
  int inet = socket(AF_INET, SOCK_DGRAM, 0);
  if (ioctl(inet, SIOCGIFADDR, &request) != 0) die(name);
  close(inet);
  memcpy(question + 12, head, sizeof head);
  memcpy(question + 22, question + 6, 6);
  memcpy(question + 28, &((struct sockaddr_in *)&request.ifr_addr)->sin_addr, 4);
  memcpy(question + 38, &ip, 4);
  filter(ntohl(ip.s_addr));
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) die("version");
  if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &size, sizeof size) != 0) die("ring");
  ring = mmap(NULL, (size_t)SLOT * SLOTS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (ring == MAP_FAILED) die("mmap");
  place.sll_ifindex = (int)if_nametoindex(name);
  if (bind(fd, (struct sockaddr *)&place, sizeof place) != 0) die("bind");
}

static void note(const uint8_t *frame, uint64_t ns) {
  bool request = frame[21] == ARPOP_REQUEST, answer = !request && memcmp(frame, question + 6, 6) == 0;
  if (request && memcmp(frame + 28, question + 38, 4) != 0) {
    static const uint8_t nobody[4];
    if (memcmp(frame + 28, nobody, 4) == 0 && seen.first_probe_ns == 0) seen.first_probe_ns = ns;
    return;
  }
  if (!answer && seen.first_announcement_ns == 0) seen.first_announcement_ns = ns;
  if (answer) seen.answers++, seen.last_ns = ns;
  for (int i = 0; i < MACS; i++) {
    if (seen.by[i].answers + seen.by[i].unasked > 0 && memcmp(seen.by[i].mac, frame + 22, 6) != 0) continue;
    memcpy(seen.by[i].mac, frame + 22, 6);
    if (answer) seen.by[i].answers++;
    else seen.by[i].unasked++;
    return;
  }
}

/* Takes in what lies there. Returns the number of answers in it. */
static uint64_t drain(void) {
  uint64_t before = seen.answers;
  for (;;) {
    struct tpacket2_hdr *h = (struct tpacket2_hdr *)(ring + (size_t)next_slot * SLOT);
    if (!(__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) return seen.answers - before;
    note((uint8_t *)h + h->tp_mac, (uint64_t)h->tp_sec * SECOND + h->tp_nsec);
    __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    next_slot = (next_slot + 1) % SLOTS;
  }
}

/* Waits for a frame. Returns false after `ms` without one. */
static bool wait_frame(int ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  int rc = poll(&p, 1, ms);
  if (rc < 0 && errno != EINTR) die("poll");
  return rc > 0;
}

/* Sends up to BATCH questions in one call. Returns how many went. */
static uint32_t ask(uint64_t count) {
  static struct mmsghdr messages[BATCH];
  static struct iovec part = {question, ARP_FRAME};
  if (count > BATCH) count = BATCH;
  for (uint64_t i = 0; i < count; i++) messages[i].msg_hdr = (struct msghdr){.msg_iov = &part, .msg_iovlen = 1};
  int went = sendmmsg(fd, messages, (unsigned)count, 0);
  if (went >= 0) return (uint32_t)went;
  if (errno != EAGAIN && errno != ENOBUFS) die("send");
  struct pollfd p = {.fd = fd, .events = POLLOUT};
  poll(&p, 1, 10);
  return 0;
}

static void report(uint64_t sent, uint64_t lost, uint64_t ns) {
  printf("\"sent\":%lu,\"answered\":%lu,\"lost\":%lu,\"ns\":%lu,\"by\":{", sent, seen.answers, lost, ns);
  for (int i = 0; i < MACS && seen.by[i].answers + seen.by[i].unasked > 0; i++) {
    const uint8_t *m = seen.by[i].mac;
    printf("%s\"%02x:%02x:%02x:%02x:%02x:%02x\":[%lu,%lu]", i > 0 ? "," : "", m[0], m[1], m[2], m[3], m[4], m[5],
           seen.by[i].answers, seen.by[i].unasked);
  }
  printf("}}\n");
}

/* From just before the question is handed to the kernel until the kernel has the answer. */
static void latency(uint64_t count, uint64_t pause_us) {
  struct timespec pause = {.tv_nsec = (long)pause_us * 1000};
  uint64_t lost = 0, beginning = now_ns();
  printf("{\"latenciesNs\":[");
  for (uint64_t i = 0, shown = 0; i < count; i++) {
    drain();
    uint64_t asked_ns = now_ns();
    while (ask(1) == 0) asked_ns = now_ns();
    while (drain() == 0) {
      if (wait_frame(LOST_MS)) continue;
      lost++;
      break;
    }
    if (seen.last_ns > asked_ns) printf("%s%lu", shown++ > 0 ? "," : "", seen.last_ns - asked_ns);
    if (pause_us > 0) nanosleep(&pause, NULL);
  }
  printf("],");
  report(count, lost, now_ns() - beginning);
}

static void window(uint64_t count, uint64_t size) {
  uint64_t sent = 0, out = 0, lost = 0, beginning = now_ns();
  while (sent < count || out > 0) {
    uint64_t came = drain();
    out -= came < out ? came : out;
    uint64_t room = size - out, left = count - sent;
    if (room > 0 && left > 0) {
      uint32_t went = ask(room < left ? room : left);
      sent += went;
      out += went;
    } else if (!wait_frame(LOST_MS)) {
      lost += out;
      out = 0;
    }
  }
  printf("{");
  report(sent, lost, seen.last_ns > beginning ? seen.last_ns - beginning : 0);
}

static void flood(uint64_t count) {
  uint64_t sent = 0, beginning = now_ns();
  while (sent < count) sent += ask(count - sent);
  uint64_t asked = now_ns() - beginning;
  drain();
  while (wait_frame(QUIET_MS)) drain();
  printf("{\"askedNs\":%lu,", asked);
  report(sent, sent - seen.answers, seen.last_ns > beginning ? seen.last_ns - beginning : 0);
}

static void first(uint64_t interval_us, uint64_t most_ms) {
  uint64_t end = now_ns() + most_ms * 1000000, due = now_ns(), answered = 0;
  printf("[]\n");
  fflush(stdout);
  while (answered == 0 && now_ns() < end) {
    if (now_ns() >= due) due = now_ns() + interval_us * 1000, ask(1);
    uint64_t now = now_ns();
    struct timespec pause = {.tv_nsec = due > now ? (long)(due - now) : 0};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    ppoll(&p, 1, &pause, NULL);
    if (drain() > 0) answered = seen.last_ns;
  }
  printf("{\"answerNs\":%lu,\"probeNs\":%lu,\"announcementNs\":%lu}\n", answered, seen.first_probe_ns,
         seen.first_announcement_ns);
}

int main(int argc, char **argv) {
  if (argc < 6) return fprintf(stderr, "ask INTERFACE ADDRESS MAC latency|window|flood|first NUMBER [NUMBER]\n"), 2;
  uint64_t a = strtoull(argv[5], NULL, 10), b = argc > 6 ? strtoull(argv[6], NULL, 10) : 0;
  open_link(argv[1], argv[2], argv[3]);
  if (strcmp(argv[4], "latency") == 0) latency(a, b);
  else if (strcmp(argv[4], "window") == 0) window(a, b);
  else if (strcmp(argv[4], "flood") == 0) flood(a);
  else if (strcmp(argv[4], "first") == 0) first(a, b);
  else return 2;
  return 0;
}
