// Waiting for the first level to get shorter.
#pragma once
#include <rocksdb/listener.h>

#include <chrono>

#include "Database.hpp"

namespace weir {

class CompactionSignal : public rocksdb::EventListener {
public:
    void OnCompactionCompleted(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override {
        std::lock_guard<std::mutex> lock(mutex);
        completed++;
        condition.notify_all();
    }

    /// Holds the writer up while the first level has more than `limit` files and a compaction is at work on it.
    void waitWhileLong(rocksdb::DB *db, uint64_t limit) {
        std::unique_lock<std::mutex> lock(mutex);
        while (true) {
            uint64_t seen = completed;
            lock.unlock();
            std::string files;
            uint64_t running = 0;
            bool isLong = db->GetProperty(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &files) &&
                          strtoull(files.c_str(), nullptr, 10) > limit;
            bool isBusy = db->GetIntProperty(rocksdb::DB::Properties::kNumRunningCompactions, &running) && running > 0;
            if (!isLong || !isBusy) return;
            lock.lock();
            // The limit is for a compaction that fails, of which nobody tells.
            condition.wait_for(lock, std::chrono::milliseconds(100), [&] { return completed != seen; });
        }
    }

private:
    std::mutex mutex;
    std::condition_variable condition;
    uint64_t completed = 0;
};

}  // namespace weir
