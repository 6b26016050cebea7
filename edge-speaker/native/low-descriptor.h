#ifndef YURTLB_LOW_DESCRIPTOR_H
#define YURTLB_LOW_DESCRIPTOR_H

/* Occupies a few low numbers, once; called when the addon is loaded, before the program opens its other sockets. */
void keep_low_descriptors(void);

/* Moves `fd` to one of them. Returns the new number; `fd` itself where none is free. */
int to_low_descriptor(int fd);

/* Closes any descriptor; a low number is kept for the next socket. */
void close_descriptor(int fd);

#endif
