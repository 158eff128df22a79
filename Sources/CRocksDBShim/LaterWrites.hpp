// Rows that another thread writes, so that the worker needn't wait.
#pragma once
#include <functional>
#include <deque>
#include <thread>

#include "Database.hpp"

namespace weir {

/// Writes rows one after the other on a thread of its own; used by one other thread.
class LaterWrites {
public:
    struct Rows {
        uint16_t state;
        std::string path;
        std::vector<uint8_t> bytes;
        std::vector<weir_rocks_row> rows;
    };

    explicit LaterWrites(std::function<rocksdb::Status(const Rows &)> write) : write(std::move(write)) {}

    ~LaterWrites() {
        {
            std::lock_guard<std::mutex> lock(mutex);
            isClosed = true;
            changed.notify_all();
        }
        if (thread.joinable()) thread.join();
    }

    /// Has rows written; waits while others wait already. Takes nothing when others couldn't be written.
    rocksdb::Status push(Rows rows) {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return waiting.size() < 2 || !status.ok(); });
        if (!status.ok()) return status;
        waiting.push_back(std::move(rows));
        if (!thread.joinable()) thread = std::thread([this] { run(); });
        changed.notify_all();
        return status;
    }

    /// The rows that aren't written yet; none where some couldn't be: nobody works on them.
    size_t count() {
        std::lock_guard<std::mutex> lock(mutex);
        return status.ok() ? waiting.size() : 0;
    }

    /// Forgets what couldn't be written.
    void forget() {
        std::lock_guard<std::mutex> lock(mutex);
        if (status.ok()) return;
        waiting.clear();
        status = rocksdb::Status::OK();
    }

    /// Waits until everything is written. What couldn't be is tried once more, and stays if it can't be now.
    rocksdb::Status settle() {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return waiting.empty() || !status.ok(); });
        while (!waiting.empty()) {
            status = write(waiting.front());
            if (!status.ok()) return status;
            waiting.pop_front();
        }
        return status;
    }

private:
    void run() {
        std::unique_lock<std::mutex> lock(mutex);
        while (true) {
            changed.wait(lock, [&] { return isClosed || (!waiting.empty() && status.ok()); });
            if (isClosed) return;
            // Stays at the front, where nobody else touches it as long as the status is one of success.
            const Rows &rows = waiting.front();
            lock.unlock();
            rocksdb::Status result = write(rows);
            lock.lock();
            status = result;
            if (status.ok()) waiting.pop_front();
            changed.notify_all();
        }
    }

    std::function<rocksdb::Status(const Rows &)> write;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Rows> waiting;
    rocksdb::Status status;
    std::thread thread;
    bool isClosed = false;
};

}  // namespace weir
