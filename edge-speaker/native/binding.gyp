{
  "targets": [
    {
      "target_name": "packet",
      "sources": ["addon.c", "packet.c", "packet-send.c", "route.c", "poller.c", "low-descriptor.c"],
      "cflags": ["-std=gnu11", "-Wall", "-Wextra", "-Werror=implicit-function-declaration", "-O2", "-fvisibility=hidden"],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"]
    }
  ]
}
