// The minimum that a program has to do: all requests are built before the clock starts, and replies are not decoded.
//
// It measures the kernel. Everything that other programs need in addition is their own work.

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exchange.h"
#include "layout.h"
#include "requests.h"

static const char usage[] =
    "usage: ipvs-floor --services N --real-servers N --workload W1...W6 [--runs N] [--whole] [--json]\n"
    "\n"
    "Times a workload as ipvs-bench does (see its --help), with requests that were built before.\n"
    "W5 deletes real servers one by one, or with --whole virtual servers whole.\n";

static struct {
  uint32_t services, real_servers, workload, runs;
  bool whole, json;
} options = {.runs = 1};

static uint32_t number(const char *option, const char *text, uint32_t largest) {
  char *end = "";
  unsigned long value = text ? strtoul(text, &end, 10) : 0;
  if (value >= 1 && value <= largest && !*end) return value;
  fprintf(stderr, "ipvs-floor: %s is a number from 1 to %u; see --help\n", option, largest);
  exit(2);
}

static void parse(char **words) {
  for (char *word; (word = *words); ++words) {
    if (!strcmp(word, "--services"))
      options.services = number(word, *++words, 100000);
    else if (!strcmp(word, "--real-servers"))
      options.real_servers = number(word, *++words, 80);
    else if (!strcmp(word, "--workload"))
      options.workload = number(word, *++words && **words == 'W' ? *words + 1 : "", 6);
    else if (!strcmp(word, "--runs"))
      options.runs = number(word, *++words, 10);
    else if (!strcmp(word, "--whole"))
      options.whole = true;
    else if (!strcmp(word, "--json"))
      options.json = true;
    else {
      fputs(usage, strcmp(word, "--help") ? stderr : stdout);
      exit(strcmp(word, "--help") ? 2 : 0);
    }
    if (!*words) break;
  }
  if (options.services && options.real_servers && options.workload) return;
  fputs(usage, stderr);
  exit(2);
}

// The changes of one pass, starting with 1.
static void build_changes(struct requests *requests, uint32_t pass) {
  // Passes that delete have their own services.
  uint32_t first = options.workload == 5 ? (pass - 1) * options.services : 0;
  for (uint32_t service = first; service < first + options.services; ++service) {
    if (options.workload == 1) add_service(requests, service);
    for (uint32_t i = 0; i < options.real_servers; ++i) {
      uint32_t destination = service * options.real_servers + i;
      if (options.workload == 1) add_destination(requests, service, destination, layout_initial_weight);
      if (options.workload == 4 || (options.workload == 6 && layout_is_in_small_change(destination)))
        update_destination(requests, service, destination, layout_changed_weight(pass));
      if (options.workload == 5 && !options.whole) delete_destination(requests, service, destination);
    }
    if (options.workload == 5) delete_service(requests, service);
  }
  acknowledge_last(requests);
}

// Deletes everything before another pass that adds. The kernel keeps deleted real servers for a while and searches them
// first. In this order it finds each at once.
static void delete_again(uint16_t family) {
  struct requests requests = {.family = family};
  for (uint32_t service = options.services; service-- > 0;) delete_service(&requests, service);
  acknowledge_last(&requests);
  send_changes(&requests);
  free(requests.bytes);
  free(requests.ends);
}

static void build_dumps(struct requests *requests) {
  dump_services(requests);
  for (uint32_t service = 0; service < options.services; ++service) dump_destinations(requests, service);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void print_measurement(uint32_t pass, double seconds) {
  if (options.json)
    printf("{\"program\":\"%s\",\"workload\":\"W%u\",\"services\":%u,\"realServers\":%u,\"pass\":%u,\"seconds\":%.9f}\n",
           options.whole ? "floor, whole" : "floor", options.workload, options.services, options.real_servers, pass, seconds);
  else
    printf("W%u %s %.3f ms\n", options.workload, pass == 1 ? "cold" : "warm", seconds * 1e3);
}

int main(int count, char **words) {
  (void)count;
  parse(words + 1);
  uint16_t family = open_exchange();
  bool reads = options.workload == 2 || options.workload == 3 || options.workload == 6;
  bool changes = options.workload != 2 && options.workload != 3;
  struct requests dumps = {.family = family};
  if (reads) build_dumps(&dumps);

  for (uint32_t pass = 1; pass <= options.runs; ++pass) {
    struct requests requests = {.family = family};
    if (changes) build_changes(&requests, pass);
    double start = now();
    size_t entries = reads ? read_dumps(&dumps) : 0;
    if (changes) send_changes(&requests);
    double end = now();
    if (reads && entries != (size_t)options.services * (1 + options.real_servers)) {
      errno = 0;
      fail("the table has another size");
    }
    print_measurement(pass, end - start);
    if (options.workload == 1 && pass < options.runs) delete_again(family);
    free(requests.bytes);
    free(requests.ends);
  }
}
