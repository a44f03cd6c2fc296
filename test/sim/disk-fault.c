/* Preloaded into control: while the file named by DISK_FAULT_FILE exists, what it names ("fsync" or "write") fails with EIO on databases. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd, const char *act) {
  const char *file = getenv("DISK_FAULT_FILE");
  if (file == NULL || access(file, F_OK) != 0) return 0;
  char name[64], path[4096], wanted[16] = {0};
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (strstr(path, ".db") == NULL) return 0;
  int fault = open(file, O_RDONLY | O_CLOEXEC);
  if (fault < 0) return 0;
  ssize_t got = read(fault, wanted, sizeof wanted - 1);
  close(fault);
  if (got <= 0 || strncmp(wanted, act, strlen(act)) != 0) return 0;
  errno = EIO;
  return 1;
}

int fsync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fails(fd, "fsync") ? -1 : real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (real == NULL) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fails(fd, "fsync") ? -1 : real(fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (real == NULL) real = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  return fails(fd, "write") ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  static ssize_t (*real)(int, const void *, size_t, off64_t);
  if (real == NULL) real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
  return fails(fd, "write") ? -1 : real(fd, bytes, count, at);
}
