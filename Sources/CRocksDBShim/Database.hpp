// A database and what its calls share; for the files of this module only.
#pragma once
#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "include/CRocksDBShim.h"

namespace weir {

/// The bytes before a key: its state and its group, big endian, so that rows lie in the order of group and key.
constexpr size_t prefixLength = 4;

inline void putBigEndian(std::string &bytes, uint16_t number) {
    bytes.push_back(static_cast<char>(number >> 8));
    bytes.push_back(static_cast<char>(number));
}

/// Fills in `error`; returns whether the status is one of success.
bool report(const rocksdb::Status &status, weir_rocks_error *error);

/// Which states' rows end, and when "now" is.
class Expiry : public rocksdb::CompactionFilterFactory {
public:
    void add(uint16_t state, int64_t (*now)(void *), void *context);
    std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
        const rocksdb::CompactionFilter::Context &) override;
    const char *Name() const override { return "weir.expiry"; }

private:
    struct Clock {
        int64_t (*now)(void *);
        void *context;
    };
    std::mutex mutex;
    std::map<uint16_t, Clock> clocks;
};

/// Waits for compactions, which files that are taken in don't do by themselves.
class CompactionSignal;
class LaterWrites;

/// The system's file system without its syncs: a database of the running job only is gone with the machine anyway.
rocksdb::Env *unsyncedEnv();

/// Row numbers in the order of group and key.
void sortRows(
    const uint8_t *bytes, const weir_rocks_row *rows, size_t count, std::vector<uint32_t> &order);

}  // namespace weir

struct weir_rocks {
    rocksdb::DB *db = nullptr;
    rocksdb::Options options;
    std::shared_ptr<rocksdb::Cache> cache;
    std::shared_ptr<weir::Expiry> expiry;
    std::shared_ptr<weir::CompactionSignal> signal;
    std::string directory;
    uint64_t filesMade = 0;
    std::vector<uint32_t> order;
    std::shared_ptr<weir::LaterWrites> later;
};
