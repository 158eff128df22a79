// Opening, closing, and how a database is tuned.
#include "Database.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <cstring>

#include "CompactionSignal.hpp"
#include "LaterWrites.hpp"

using namespace rocksdb;

namespace weir {
namespace {

class NoLog : public Logger {
public:
    using Logger::Logv;
    void Logv(const char *, va_list) override {}
};

int32_t fault(const Status &status, const std::string &text) {
    auto says = [&text](const char *words) { return text.find(words) != std::string::npos; };
    if (status.IsNoSpace() || says("No space left") || says("quota exceeded")) return WEIR_ROCKS_NO_SPACE;
    if (says("Permission denied") || says("not permitted") || says("Read-only file system")) {
        return WEIR_ROCKS_PERMISSION;
    }
    if (says("lock hold") || says("While lock file")) return WEIR_ROCKS_LOCKED;
    if (says("No such file") || status.IsPathNotFound()) return WEIR_ROCKS_MISSING;
    if (status.IsCorruption()) return WEIR_ROCKS_CORRUPTION;
    return WEIR_ROCKS_OTHER;
}

}  // namespace

bool report(const Status &status, weir_rocks_error *error) {
    if (status.ok()) return true;
    std::string text = status.ToString();
    error->fault = fault(status, text);
    size_t length = std::min(text.size(), sizeof error->message - 1);
    memcpy(error->message, text.data(), length);
    error->message[length] = 0;
    return false;
}

}  // namespace weir

weir_rocks_options weir_rocks_default_options(size_t memory) {
    weir_rocks_options options = {};
    options.memory = memory;
    options.strict = false;
    options.background_threads = 2;
    options.max_open_files = 256;
    options.block_size = 4096;
    options.filter_bits = 10;
    options.ribbon = false;
    options.filters_last_level = false;
    options.compressed = false;
    options.hash_index = true;
    options.level0_files = 4;
    options.level_base = 64 << 20;
    return options;
}

weir_rocks *weir_rocks_open(const char *directory, const weir_rocks_options *wanted, weir_rocks_error *error) {
    auto database = std::make_unique<weir_rocks>();
    database->directory = directory;
    size_t memory = std::max(wanted->memory, static_cast<size_t>(1) << 20);

    // A shard smaller than some blocks can't hold what is charged to it.
    int shardBits = 0;
    while (shardBits < 3 && memory >> (shardBits + 1) >= static_cast<size_t>(64) << 20) shardBits++;
    LRUCacheOptions cache(memory, shardBits, wanted->strict, 0.5);
    cache.metadata_charge_policy = kFullChargeCacheMetadata;
    database->cache = NewLRUCache(cache);

    BlockBasedTableOptions table;
    table.block_cache = database->cache;
    table.block_size = wanted->block_size;
    table.metadata_block_size = 4096;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.index_type = BlockBasedTableOptions::kTwoLevelIndexSearch;
    table.partition_filters = true;
    table.metadata_cache_options.top_level_index_pinning = PinningTier::kAll;
    table.optimize_filters_for_memory = true;
    table.whole_key_filtering = true;
    table.format_version = 5;
    table.filter_policy.reset(
        wanted->ribbon ? NewRibbonFilterPolicy(wanted->filter_bits) : NewBloomFilterPolicy(wanted->filter_bits));
    if (wanted->hash_index) {
        table.data_block_index_type = BlockBasedTableOptions::kDataBlockBinaryAndHash;
        table.data_block_hash_table_util_ratio = 0.75;
    }
    for (auto role : {CacheEntryRole::kFilterConstruction, CacheEntryRole::kBlockBasedTableReader,
                      CacheEntryRole::kFileMetadata}) {
        table.cache_usage_options.options_overrides[role].charged = CacheEntryRoleOptions::Decision::kEnabled;
    }

    Options &options = database->options;
    options.create_if_missing = true;
    options.env = weir::unsyncedEnv();
    options.env->SetBackgroundThreads(std::max(wanted->background_threads - 1, 1), Env::LOW);
    options.env->SetBackgroundThreads(1, Env::HIGH);
    options.max_background_jobs = std::max(wanted->background_threads, 2);
    options.max_open_files = wanted->max_open_files;
    options.table_factory.reset(NewBlockBasedTableFactory(table));

    options.write_buffer_size = std::clamp(memory / 8, static_cast<size_t>(256) << 10, static_cast<size_t>(64) << 20);
    options.max_write_buffer_number = 3;
    options.arena_block_size = std::min(options.write_buffer_size / 8, static_cast<size_t>(1) << 20);
    options.memtable_whole_key_filtering = true;
    options.memtable_prefix_bloom_size_ratio = 0.02;
    // A quarter of the memory, taken from the cache's share.
    options.write_buffer_manager = std::make_shared<WriteBufferManager>(memory / 4, database->cache);

    options.optimize_filters_for_hits = !wanted->filters_last_level;
    options.compaction_style = kCompactionStyleLevel;
    options.level_compaction_dynamic_level_bytes = true;
    options.level0_file_num_compaction_trigger = wanted->level0_files;
    options.max_bytes_for_level_base = wanted->level_base;
    options.target_file_size_base = 32 << 20;
    options.compaction_readahead_size = 256 << 10;
    options.writable_file_max_buffer_size = 256 << 10;
    options.compression = kNoCompression;
    options.bottommost_compression = wanted->compressed ? kLZ4Compression : kDisableCompressionOption;
    database->expiry = std::make_shared<weir::Expiry>();
    options.compaction_filter_factory = database->expiry;
    database->signal = std::make_shared<weir::CompactionSignal>();
    options.listeners.push_back(database->signal);

    options.info_log = std::make_shared<weir::NoLog>();
    // No more disk than there are rows.
    options.allow_fallocate = false;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.skip_stats_update_on_db_open = true;
    options.avoid_flush_during_shutdown = true;

    if (!weir::report(DB::Open(options, database->directory, &database->db), error)) return nullptr;
    return database.release();
}

void weir_rocks_close(weir_rocks *database) {
    database->later.reset();
    CancelAllBackgroundWork(database->db, true);
    delete database->db;
    delete database;
}

size_t weir_rocks_memory(weir_rocks *database) { return database->cache->GetUsage(); }

void weir_rocks_session(weir_rocks *database, char name[64]) {
    std::string id;
    if (!database->db->GetDbSessionId(id).ok()) id.clear();
    size_t length = std::min(id.size(), static_cast<size_t>(63));
    memcpy(name, id.data(), length);
    name[length] = 0;
}

void weir_rocks_expire(weir_rocks *database, uint16_t state, int64_t (*now)(void *), void *context) {
    database->expiry->add(state, now, context);
}

bool weir_rocks_checkpoint(weir_rocks *database, const char *directory, weir_rocks_error *error) {
    Checkpoint *made = nullptr;
    if (!weir::report(Checkpoint::Create(database->db, &made), error)) return false;
    std::unique_ptr<Checkpoint> checkpoint(made);
    Status status = checkpoint->CreateCheckpoint(directory);
    // Once more when the database had stopped for an error that may be over.
    if (!status.ok() && database->db->Resume().ok()) status = checkpoint->CreateCheckpoint(directory);
    return weir::report(status, error);
}

bool weir_rocks_compact(weir_rocks *database, weir_rocks_error *error) {
    CompactRangeOptions options;
    options.bottommost_level_compaction = BottommostLevelCompaction::kForceOptimized;
    return weir::report(database->db->CompactRange(options, nullptr, nullptr), error);
}
