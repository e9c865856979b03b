// usage: NAME [ARGUMENT...]
// Runs /usr/sbin/NAME of the Debian system in IPVS_ROOT as a container of the DaemonSet does, or a unit of systemd: with that
// root, and without any capability but CAP_NET_ADMIN. With --init-only, which is for a privileged container, all are kept. A
// container has no namespace to enter, so --netns is done here.
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void fail(const char *what) {
  fprintf(stderr, "contained: %s: %s\n", what, strerror(errno));
  exit(126);
}

static void enter(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) fail(path);
}

// The program starts as root, and so gets what is in the bounding set.
static void drop_capabilities(void) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (capability != CAP_NET_ADMIN && prctl(PR_CAPBSET_DROP, capability) != 0) fail("capabilities");
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("privileges");
}

int main(int argc, char **argv) {
  const char *root = getenv("IPVS_ROOT");
  if (root == NULL || argc < 1) return 125;
  int is_privileged = 0, kept = 1;
  for (int next = 1; next < argc; ++next) {
    if (strcmp(argv[next], "--netns") == 0 && next + 1 < argc) {
      enter(argv[++next]);
      continue;
    }
    is_privileged |= strcmp(argv[next], "--init-only") == 0;
    argv[kept++] = argv[next];
  }
  argv[kept] = NULL;
  const char *name = strrchr(argv[0], '/');
  char path[256];
  snprintf(path, sizeof path, "/usr/sbin/%s", name != NULL ? name + 1 : argv[0]);
  if (chroot(root) != 0 || chdir("/") != 0) fail(root);
  if (!is_privileged) drop_capabilities();
  execv(path, argv);
  fail(path);
}
