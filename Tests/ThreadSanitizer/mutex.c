// Tells the thread sanitizer of the waits in Swift's Mutex.
//
// On Linux `Synchronization.Mutex` takes and gives up a lock by an atomic operation of the caller's, which the sanitizer sees,
// or, when somebody waits, by a futex inside a library that isn't instrumented: then it sees nothing and reports every
// access that the lock protects. This library is loaded before that one, and says what the slow ways do.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SELF __attribute__((swift_context)) void *handle

typedef __attribute__((swiftcall)) void (*Lock)(uint32_t thread, SELF);
typedef __attribute__((swiftcall)) void (*Unlock)(SELF);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void unlock_slow(SELF) __asm__(UNLOCK);

__attribute__((swiftcall)) void lock_slow(uint32_t thread, SELF) {
    static Lock next;
    Lock original = __atomic_load_n(&next, __ATOMIC_RELAXED);
    if (!original) {
        original = (Lock)dlsym(RTLD_NEXT, LOCK);
        __atomic_store_n(&next, original, __ATOMIC_RELAXED);
    }
    original(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock_slow(SELF) {
    static Unlock next;
    Unlock original = __atomic_load_n(&next, __ATOMIC_RELAXED);
    if (!original) {
        original = (Unlock)dlsym(RTLD_NEXT, UNLOCK);
        __atomic_store_n(&next, original, __ATOMIC_RELAXED);
    }
    if (__tsan_release) __tsan_release(handle);
    original(handle);
}
