/*
 * AF_PACKET with a memory-mapped receive ring.
 *
 * The ring is TPACKET_V2: like V3 it makes the kernel copy into memory of ours, so the small default receive buffer loses
 * nothing in a flood; unlike V3 it wakes the reader for every frame. V3 hands a block over when it is full or when a timer
 * of at least 1 ms fires: a lone ARP request would wait for that timer.
 * See https://docs.kernel.org/networking/packet_mmap.html
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "low-descriptor.h"
#include "packet.h"

#define VLAN_ID_MASK 0x0fff
#define LINGER_NS 20000     /* a client that waits for each answer asks the next question after about 10 µs */
#define BURST_GAP_NS 100000 /* frames that follow within this time are of one burst */

static struct tpacket2_hdr *frame_at(struct packet_socket *s, uint32_t i) {
  return (struct tpacket2_hdr *)(s->ring + (size_t)(i / s->frames_per_block) * s->block_bytes +
                                 (size_t)(i % s->frames_per_block) * s->frame_bytes);
}

/*
 * Frames of VLANs above this link are not this link's, but a socket bound to one EtherType gets them too, in three ways: with
 * the tag beside the frame; without it, in the name of the VLAN's interface; or, where no interface has that VLAN, without it
 * and as another host's, which a group address is never else. Priority tags (id 0) are this link's.
 */
static bool of_other_vlan(const struct packet_socket *s, const struct tpacket2_hdr *h, uint32_t status,
                          const struct sockaddr_ll *from) {
  if (from->sll_ifindex != s->ifindex) return true;
  if ((status & TP_STATUS_VLAN_VALID) != 0 && (h->tp_vlan_tci & VLAN_ID_MASK) != 0) return true;
  return from->sll_pkttype == PACKET_OTHERHOST && h->tp_snaplen > 0 && (*((const uint8_t *)h + h->tp_mac) & 1) != 0;
}

/* Takes the frames that wait, `most` of them: their number, and in `count` that of those for JavaScript. */
static uint32_t take(struct packet_socket *s, uint32_t most, uint32_t *count) {
  uint32_t seen = 0;
  *count = 0;
  for (; seen < most; seen++) {
    struct tpacket2_hdr *h = frame_at(s, s->next);
    uint32_t status = __atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE);
    if (!(status & TP_STATUS_USER)) break;
    const struct sockaddr_ll *from =
        (const struct sockaddr_ll *)((uint8_t *)h + TPACKET_ALIGN(sizeof(struct tpacket2_hdr)));
    if (from->sll_pkttype != PACKET_OUTGOING && !of_other_vlan(s, h, status, from)) {
      uint32_t length = h->tp_snaplen < s->slot_bytes ? h->tp_snaplen : s->slot_bytes;
      uint32_t *info = s->info + (size_t)*count * INFO_FIELDS;
      memcpy(s->slots + (size_t)*count * s->slot_bytes, (uint8_t *)h + h->tp_mac, length);
      info[0] = length;
      info[1] = h->tp_len;
      info[2] = from->sll_pkttype;
      info[3] = h->tp_sec;
      info[4] = h->tp_nsec;
      if (length < h->tp_len) s->truncated++;
      (*count)++;
    }
    __atomic_store_n(&h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    s->next = (s->next + 1) % s->frame_count;
  }
  return seen;
}

static void emit(struct poller *p, uint32_t count) {
  napi_handle_scope scope;
  napi_value argv;
  if (napi_open_handle_scope(p->env, &scope) != napi_ok) return;
  if (napi_create_uint32(p->env, count, &argv) == napi_ok) poller_emit_read(p, 1, &argv);
  napi_close_handle_scope(p->env, scope);
}

/* Whether a frame comes within a moment, without giving the processor away. */
static bool comes_soon(struct packet_socket *s) {
  const struct tpacket2_hdr *next = frame_at(s, s->next);
  uint64_t until = uv_hrtime() + LINGER_NS;
  do {
    if (__atomic_load_n(&next->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) return true;
  } while (uv_hrtime() < until);
  return false;
}

/*
 * One turn. Frames left over keep the descriptor readable; libuv calls again after timers and other sockets had their turn.
 *
 * In a burst the next question comes while this process would be falling asleep, and being woken costs more than the answer
 * does. So after an answer that followed the one before closely it looks at the ring a little longer. A lone question, which
 * is what a LAN at rest asks, is answered and left, and so is what asks for another node.
 */
static void on_readable(struct poller *p) {
  struct packet_socket *s = (struct packet_socket *)p;
  bool burst = uv_hrtime() - s->idle_since_ns < BURST_GAP_NS;
  uint32_t left = FRAMES_PER_TURN, count;
  do {
    s->answered = false;
    left -= take(s, left, &count);
    if (count > 0) emit(p, count);
    if (p->closing) return; /* and the ring is gone */
  } while (burst && s->answered && left > 0 && comes_soon(s));
  s->idle_since_ns = uv_hrtime();
}

/* take(): frames that lie in the ring already, in `slots` and `info`. The number of them. */
static napi_value js_take(napi_env env, napi_callback_info info) {
  uint32_t count = 0;
  napi_value result;
  struct packet_socket *s = poller_this(env, info, NULL, NULL);
  if (s == NULL) return NULL;
  if (!s->poller.closing) take(s, FRAMES_PER_TURN, &count);
  napi_create_uint32(env, count, &result);
  return result;
}

static void gather_statistics(struct packet_socket *s) {
  struct tpacket_stats stats;
  socklen_t size = sizeof stats;
  if (s->poller.fd < 0 || getsockopt(s->poller.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) != 0) return;
  s->received += stats.tp_packets; /* includes tp_drops */
  s->dropped += stats.tp_drops;
}

/* The mapping holds the socket open inside the kernel: it goes before the descriptor, not with the garbage. */
static void shut(struct poller *p) {
  struct packet_socket *s = (struct packet_socket *)p;
  gather_statistics(s);
  if (s->ring != NULL) munmap(s->ring, s->ring_bytes);
  s->ring = NULL;
  napi_delete_reference(p->env, s->slots_ref);
  napi_delete_reference(p->env, s->info_ref);
}

static void release(struct poller *p) {
  struct packet_socket *s = (struct packet_socket *)p;
  if (s->ring != NULL) munmap(s->ring, s->ring_bytes); /* never adopted */
  free(s);
}

/* statistics(): { received, dropped, truncated }, all since the socket opened; still readable after close. */
static napi_value js_statistics(napi_env env, napi_callback_info info) {
  struct packet_socket *s = poller_this(env, info, NULL, NULL);
  napi_value result, value;
  if (s == NULL) return NULL;
  gather_statistics(s);
  napi_create_object(env, &result);
  napi_create_double(env, s->received, &value);
  napi_set_named_property(env, result, "received", value);
  napi_create_double(env, s->dropped, &value);
  napi_set_named_property(env, result, "dropped", value);
  napi_create_double(env, s->truncated, &value);
  napi_set_named_property(env, result, "truncated", value);
  return result;
}

/* Ring, filter, membership, and last the bind: no frame arrives before the filter stands. Returns the failed call or NULL. */
static const char *prepare(struct packet_socket *s, const struct sock_fprog *filter, int64_t ifindex, int64_t protocol,
                           bool promiscuous) {
  int fd = s->poller.fd, version = TPACKET_V2;
  struct tpacket_req ring = {
      .tp_block_size = s->block_bytes,
      .tp_block_nr = s->frame_count / s->frames_per_block,
      .tp_frame_size = s->frame_bytes,
      .tp_frame_nr = s->frame_count,
  };
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol), .sll_ifindex = (int)ifindex};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filter, sizeof *filter) != 0) return "setsockopt(SO_ATTACH_FILTER)";
  if (setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) return "setsockopt(PACKET_VERSION)";
  if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) return "setsockopt(PACKET_RX_RING)";
  s->ring_bytes = (size_t)ring.tp_block_size * ring.tp_block_nr;
  void *memory = mmap(NULL, s->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return "mmap";
  s->ring = memory;
  if (promiscuous) {
    struct packet_mreq membership = {.mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
      return "setsockopt(PACKET_ADD_MEMBERSHIP)";
    }
  }
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0) return "bind";
  return NULL;
}

/*
 * openPacket({ ifindex, protocol, filter, frameBytes, frameCount, promiscuous, slots, slotBytes, info, onFrames, onError })
 * filter: Buffer of struct sock_filter; onFrames(count): `count` frames lie in `slots`, described in `info`.
 */
napi_value open_packet(napi_env env, napi_callback_info cb) {
  size_t argc = 1, filter_bytes, slots_bytes, info_words;
  napi_value options, object, filter, slots, info, promiscuous, on_frames, on_error;
  int64_t ifindex, protocol, frame_bytes, frame_count, slot_bytes;
  bool promisc = false;
  void *code, *slots_at, *info_at;
  napi_typedarray_type type;
  if (napi_get_cb_info(env, cb, &argc, &options, NULL, NULL) != napi_ok || argc < 1 ||
      !get_int(env, options, "ifindex", &ifindex) || !get_int(env, options, "protocol", &protocol) ||
      !get_int(env, options, "frameBytes", &frame_bytes) || !get_int(env, options, "frameCount", &frame_count) ||
      !get_int(env, options, "slotBytes", &slot_bytes) ||
      napi_get_named_property(env, options, "promiscuous", &promiscuous) != napi_ok ||
      napi_get_value_bool(env, promiscuous, &promisc) != napi_ok ||
      napi_get_named_property(env, options, "filter", &filter) != napi_ok ||
      napi_get_buffer_info(env, filter, &code, &filter_bytes) != napi_ok ||
      napi_get_named_property(env, options, "slots", &slots) != napi_ok ||
      napi_get_buffer_info(env, slots, &slots_at, &slots_bytes) != napi_ok ||
      napi_get_named_property(env, options, "info", &info) != napi_ok ||
      napi_get_typedarray_info(env, info, &type, &info_words, &info_at, NULL, NULL) != napi_ok ||
      napi_get_named_property(env, options, "onFrames", &on_frames) != napi_ok ||
      napi_get_named_property(env, options, "onError", &on_error) != napi_ok) {
    return throw_type(env, "openPacket: an option is missing or of the wrong type");
  }
  if (frame_bytes < 128 || frame_bytes > 65536 || frame_bytes % TPACKET_ALIGNMENT != 0 || frame_count < 1 ||
      frame_count > 1 << 20 || slot_bytes < 1 || slots_bytes < (size_t)slot_bytes * FRAMES_PER_TURN ||
      type != napi_uint32_array || info_words < FRAMES_PER_TURN * INFO_FIELDS ||
      filter_bytes % sizeof(struct sock_filter) != 0) {
    return throw_type(env, "openPacket: a size is out of range");
  }
  struct packet_socket *s = calloc(1, sizeof *s);
  if (s == NULL) return throw_errno(env, ENOMEM, "calloc");
  s->poller.readable = on_readable;
  s->poller.shut = shut;
  s->poller.release = release;
  s->ifindex = (int)ifindex;
  s->slots = slots_at;
  s->info = info_at;
  s->slot_bytes = (size_t)slot_bytes;
  s->frame_bytes = (uint32_t)frame_bytes;
  s->block_bytes = 1 << 16; /* a multiple of every page size Linux uses on arm, arm64 and x86 */
  s->frames_per_block = s->block_bytes / s->frame_bytes;
  s->frame_count = ((uint32_t)frame_count + s->frames_per_block - 1) / s->frames_per_block * s->frames_per_block;
  s->poller.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (s->poller.fd < 0) {
    int err = errno;
    release(&s->poller);
    return throw_errno(env, err, "socket(AF_PACKET)");
  }
  s->poller.fd = to_low_descriptor(s->poller.fd);
  struct sock_fprog program = {.len = (unsigned short)(filter_bytes / sizeof(struct sock_filter)), .filter = code};
  const char *failed = prepare(s, &program, ifindex, protocol, promisc);
  if (failed != NULL) {
    int err = errno;
    close_descriptor(s->poller.fd);
    release(&s->poller);
    return throw_errno(env, err, failed);
  }
  napi_create_object(env, &object);
  if (!add_method(env, object, "send", packet_js_send) || !add_method(env, object, "sendMany", packet_js_send_many) ||
      !add_method(env, object, "take", js_take) || !add_method(env, object, "statistics", js_statistics) ||
      !add_method(env, object, "close", poller_js_close) || !add_method(env, object, "ref", poller_js_ref) ||
      !add_method(env, object, "unref", poller_js_unref) ||
      napi_create_reference(env, slots, 1, &s->slots_ref) != napi_ok ||
      napi_create_reference(env, info, 1, &s->info_ref) != napi_ok ||
      !poller_adopt(env, &s->poller, object, on_frames, on_error)) {
    close_descriptor(s->poller.fd);
    release(&s->poller);
    return NULL;
  }
  return object;
}
