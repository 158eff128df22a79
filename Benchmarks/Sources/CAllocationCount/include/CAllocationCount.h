// Counts the allocations of a program that links this, by standing in for the C library's functions.
#pragma once
#include <stdint.h>

// Allocations of all threads so far; -1 where they can't be counted.
int64_t allocation_count(void);
