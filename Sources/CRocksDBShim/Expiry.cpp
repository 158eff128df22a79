// Rows that have ended are dropped where a compaction comes by.
#include "Database.hpp"

namespace weir {
namespace {

class ExpiryFilter : public rocksdb::CompactionFilter {
public:
    explicit ExpiryFilter(std::map<uint16_t, int64_t> times) : times(std::move(times)) {}
    const char *Name() const override { return "weir.expiry"; }

    Decision FilterV2(
        int, const rocksdb::Slice &key, ValueType type, const rocksdb::Slice &value, std::string *,
        std::string *) const override {
        if (type != ValueType::kValue || key.size() < prefixLength || value.size() < 8) return Decision::kKeep;
        auto state = static_cast<uint16_t>(static_cast<uint8_t>(key[0]) << 8 | static_cast<uint8_t>(key[1]));
        auto found = times.find(state);
        if (found == times.end()) return Decision::kKeep;
        uint64_t bits = 0;
        for (int i = 7; i >= 0; i--) bits = bits << 8 | static_cast<uint8_t>(value[i]);
        return static_cast<int64_t>(bits) <= found->second ? Decision::kRemove : Decision::kKeep;
    }

private:
    std::map<uint16_t, int64_t> times;
};

}  // namespace

void Expiry::add(uint16_t state, int64_t (*now)(void *), void *context) {
    std::lock_guard<std::mutex> lock(mutex);
    clocks[state] = {now, context};
}

std::unique_ptr<rocksdb::CompactionFilter> Expiry::CreateCompactionFilter(
    const rocksdb::CompactionFilter::Context &) {
    std::map<uint16_t, Clock> copy;
    {
        std::lock_guard<std::mutex> lock(mutex);
        copy = clocks;
    }
    if (copy.empty()) return nullptr;
    // One look at the clock per compaction.
    std::map<uint16_t, int64_t> times;
    for (auto &[state, clock] : copy) times[state] = clock.now(clock.context);
    return std::unique_ptr<rocksdb::CompactionFilter>(new ExpiryFilter(std::move(times)));
}

}  // namespace weir
