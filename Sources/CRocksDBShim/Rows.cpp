// Writing, looking up and walking through rows.
#include <rocksdb/experimental.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstring>

#include "CompactionSignal.hpp"
#include "Database.hpp"
#include "LaterWrites.hpp"

using namespace rocksdb;

namespace weir {

void sortRows(const uint8_t *bytes, const weir_rocks_row *rows, size_t count, std::vector<uint32_t> &order) {
    // The group and the key's first bytes decide nearly always.
    struct Place {
        uint64_t first;
        uint32_t index;
    };
    static thread_local std::vector<Place> places;
    places.resize(count);
    for (size_t i = 0; i < count; i++) {
        uint64_t word = 0;
        size_t known = std::min<size_t>(rows[i].key_length, 6);
        const uint8_t *key = bytes + rows[i].start;
        for (size_t j = 0; j < known; j++) word |= static_cast<uint64_t>(key[j]) << (40 - 8 * j);
        places[i] = {static_cast<uint64_t>(rows[i].group) << 48 | word, static_cast<uint32_t>(i)};
    }
    std::sort(places.begin(), places.end(), [&](const Place &a, const Place &b) {
        if (a.first != b.first) return a.first < b.first;
        const weir_rocks_row &left = rows[a.index], &right = rows[b.index];
        int order = memcmp(bytes + left.start, bytes + right.start, std::min(left.key_length, right.key_length));
        return order != 0 ? order < 0 : left.key_length < right.key_length;
    });
    order.resize(count);
    for (size_t i = 0; i < count; i++) order[i] = places[i].index;
    if (places.capacity() > 1 << 16) std::vector<Place>().swap(places);
}

static void setKey(
    std::string &key, uint16_t state, const uint8_t *bytes, const weir_rocks_row &row) {
    key.clear();
    putBigEndian(key, state);
    putBigEndian(key, row.group);
    key.append(reinterpret_cast<const char *>(bytes + row.start), row.key_length);
}

static Slice valueOf(const uint8_t *bytes, const weir_rocks_row &row) {
    return Slice(reinterpret_cast<const char *>(bytes + row.start + row.key_length), row.value_length);
}

/// Writes a batch; once more when the database had stopped for an error that may be over (a disk that was full).
static Status writeBatch(weir_rocks *database, WriteBatch &batch) {
    WriteOptions options;
    options.disableWAL = true;
    Status status = database->db->Write(options, &batch);
    if (status.ok() || !database->db->Resume().ok()) return status;
    return database->db->Write(options, &batch);
}

static Status writeFile(weir_rocks *database, const std::string &path, uint16_t state, const uint8_t *bytes,
                        const weir_rocks_row *rows, const std::vector<uint32_t> &order) {
    SstFileWriter writer{EnvOptions(database->options), database->options};
    Status status = writer.Open(path);
    std::string key;
    for (size_t i = 0; status.ok() && i < order.size(); i++) {
        const weir_rocks_row &row = rows[order[i]];
        setKey(key, state, bytes, row);
        status = row.is_removal ? writer.Delete(key) : writer.Put(key, valueOf(bytes, row));
    }
    if (status.ok()) status = writer.Finish();
    if (!status.ok()) return status;
    IngestExternalFileOptions options;
    options.move_files = true;
    database->signal->waitWhileLong(database->db, 20);
    status = database->db->IngestExternalFile({path}, options);
    if (status.ok() || !database->db->Resume().ok()) return status;
    return database->db->IngestExternalFile({path}, options);
}

/// As `writeFile`; what is left of the file when it fails is deleted.
static Status writeWholeFile(weir_rocks *database, const std::string &path, uint16_t state, const uint8_t *bytes,
                             const weir_rocks_row *rows, const std::vector<uint32_t> &order) {
    Status status = writeFile(database, path, state, bytes, rows, order);
    if (!status.ok()) database->options.env->DeleteFile(path).PermitUncheckedError();
    return status;
}

static std::string newFile(weir_rocks *database) {
    return database->directory + "/rows-" + std::to_string(database->filesMade++) + ".tmp";
}

}  // namespace weir

struct weir_rocks_snapshot {
    weir_rocks *database;
    const Snapshot *snapshot;
};

struct weir_rocks_scan {
    // The bounds' bytes must stay where they are.
    std::string lower, upper;
    Slice lowerSlice, upperSlice;
    std::unique_ptr<Iterator> iterator;
};

struct weir_rocks_reader {
    // Look-ups at once; each holds a block in the cache until the next ones.
    static constexpr size_t piece = 256;
    weir_rocks *database;
    uint16_t state = 0;
    const uint8_t *bytes = nullptr;
    const weir_rocks_row *rows = nullptr;
    size_t count = 0, done = 0;
    std::vector<uint32_t> order;
    std::string keyBytes;
    std::vector<Slice> keys;
    std::vector<PinnableSlice> values;
    std::vector<Status> statuses;
    std::vector<weir_rocks_value> found;
};

bool weir_rocks_write(
    weir_rocks *database, uint16_t state, const uint8_t *bytes, const weir_rocks_row *rows, size_t count,
    size_t file_rows, weir_rocks_error *error) {
    weir::sortRows(bytes, rows, count, database->order);
    if (count >= file_rows) {
        return weir::report(
            weir::writeWholeFile(database, weir::newFile(database), state, bytes, rows, database->order), error);
    }
    WriteBatch batch;
    std::string key;
    for (uint32_t index : database->order) {
        weir::setKey(key, state, bytes, rows[index]);
        Status status = rows[index].is_removal ? batch.Delete(key) : batch.Put(key, weir::valueOf(bytes, rows[index]));
        if (!status.ok()) return weir::report(status, error);
    }
    return weir::report(weir::writeBatch(database, batch), error);
}

bool weir_rocks_write_later(
    weir_rocks *database, uint16_t state, const uint8_t *bytes, size_t length, const weir_rocks_row *rows,
    size_t count, weir_rocks_error *error) {
    if (!database->later) {
        database->later = std::make_shared<weir::LaterWrites>([database](const weir::LaterWrites::Rows &rows) {
            std::vector<uint32_t> order;
            weir::sortRows(rows.bytes.data(), rows.rows.data(), rows.rows.size(), order);
            return weir::writeWholeFile(database, rows.path, rows.state, rows.bytes.data(), rows.rows.data(), order);
        });
    }
    return weir::report(
        database->later->push({state, weir::newFile(database), {bytes, bytes + length}, {rows, rows + count}}), error);
}

size_t weir_rocks_waiting(weir_rocks *database) { return database->later ? database->later->count() : 0; }

void weir_rocks_forget(weir_rocks *database) {
    if (database->later) database->later->forget();
}

bool weir_rocks_settle(weir_rocks *database, weir_rocks_error *error) {
    return !database->later || weir::report(database->later->settle(), error);
}

bool weir_rocks_remove_all(weir_rocks *database, uint16_t state, weir_rocks_error *error) {
    std::string first, last;
    weir::putBigEndian(first, state);
    weir::putBigEndian(last, static_cast<uint16_t>(state + 1));
    WriteBatch batch;
    Status status = batch.DeleteRange(first, last);
    if (status.ok()) status = weir::writeBatch(database, batch);
    if (!weir::report(status, error)) return false;
    Slice begin(first), end(last);
    // No more than a hint: the rows are gone whether it is taken or not.
    experimental::SuggestCompactRange(database->db, &begin, &end).PermitUncheckedError();
    return true;
}

weir_rocks_reader *weir_rocks_reader_create(weir_rocks *database) {
    auto reader = new weir_rocks_reader();
    reader->database = database;
    reader->keys.resize(weir_rocks_reader::piece);
    reader->values.resize(weir_rocks_reader::piece);
    reader->statuses.resize(weir_rocks_reader::piece);
    return reader;
}

void weir_rocks_reader_destroy(weir_rocks_reader *reader) { delete reader; }

void weir_rocks_reader_begin(
    weir_rocks_reader *reader, uint16_t state, const uint8_t *bytes, const weir_rocks_row *rows, size_t count) {
    reader->state = state;
    reader->bytes = bytes;
    reader->rows = rows;
    reader->count = count;
    reader->done = 0;
    weir::sortRows(bytes, rows, count, reader->order);
}

bool weir_rocks_reader_next(
    weir_rocks_reader *reader, const weir_rocks_value **values, size_t *count, weir_rocks_error *error) {
    weir_rocks_reader_end(reader);
    size_t piece = std::min(reader->count - reader->done, weir_rocks_reader::piece);
    if (piece == 0) return false;
    size_t length = 0;
    for (size_t i = 0; i < piece; i++) {
        length += weir::prefixLength + reader->rows[reader->order[reader->done + i]].key_length;
    }
    reader->keyBytes.clear();
    reader->keyBytes.reserve(length);
    for (size_t i = 0; i < piece; i++) {
        const weir_rocks_row &row = reader->rows[reader->order[reader->done + i]];
        size_t start = reader->keyBytes.size();
        weir::putBigEndian(reader->keyBytes, reader->state);
        weir::putBigEndian(reader->keyBytes, row.group);
        reader->keyBytes.append(reinterpret_cast<const char *>(reader->bytes + row.start), row.key_length);
        reader->keys[i] = Slice(reader->keyBytes.data() + start, reader->keyBytes.size() - start);
    }
    DB *db = reader->database->db;
    ReadOptions options;
    if (piece < 4) {
        for (size_t i = 0; i < piece; i++) {
            reader->statuses[i] =
                db->Get(options, db->DefaultColumnFamily(), reader->keys[i], &reader->values[i]);
        }
    } else {
        db->MultiGet(
            options, db->DefaultColumnFamily(), piece, reader->keys.data(), reader->values.data(),
            reader->statuses.data(), true);
    }
    for (size_t i = 0; i < piece; i++) {
        const Status &status = reader->statuses[i];
        if (status.IsNotFound()) continue;
        if (!weir::report(status, error)) return false;
        const PinnableSlice &value = reader->values[i];
        reader->found.push_back(
            {reader->order[reader->done + i], reinterpret_cast<const uint8_t *>(value.data()), value.size()});
    }
    reader->done += piece;
    *values = reader->found.data();
    *count = reader->found.size();
    return true;
}

void weir_rocks_reader_end(weir_rocks_reader *reader) {
    reader->found.clear();
    for (auto &value : reader->values) value.Reset();
}

weir_rocks_snapshot *weir_rocks_snapshot_create(weir_rocks *database) {
    return new weir_rocks_snapshot{database, database->db->GetSnapshot()};
}

void weir_rocks_snapshot_destroy(weir_rocks_snapshot *snapshot) {
    snapshot->database->db->ReleaseSnapshot(snapshot->snapshot);
    delete snapshot;
}

weir_rocks_scan *weir_rocks_scan_create(
    weir_rocks *database, weir_rocks_snapshot *snapshot, const uint8_t *lower, size_t lower_length,
    const uint8_t *upper, size_t upper_length, bool keeps_blocks) {
    auto scan = new weir_rocks_scan();
    scan->lower.assign(reinterpret_cast<const char *>(lower), lower_length);
    scan->upper.assign(reinterpret_cast<const char *>(upper), upper_length);
    scan->lowerSlice = scan->lower;
    scan->upperSlice = scan->upper;
    ReadOptions options;
    options.iterate_lower_bound = &scan->lowerSlice;
    options.iterate_upper_bound = &scan->upperSlice;
    options.fill_cache = keeps_blocks;
    if (snapshot) options.snapshot = snapshot->snapshot;
    scan->iterator.reset(database->db->NewIterator(options));
    scan->iterator->Seek(scan->lowerSlice);
    return scan;
}

void weir_rocks_scan_destroy(weir_rocks_scan *scan) { delete scan; }

void weir_rocks_scan_seek(weir_rocks_scan *scan, const uint8_t *key, size_t length) {
    scan->iterator->Seek(Slice(reinterpret_cast<const char *>(key), length));
}

bool weir_rocks_scan_row(
    weir_rocks_scan *scan, const uint8_t **key, size_t *key_length, const uint8_t **value, size_t *value_length,
    weir_rocks_error *error) {
    if (!scan->iterator->Valid()) {
        weir::report(scan->iterator->status(), error);
        return false;
    }
    Slice k = scan->iterator->key(), v = scan->iterator->value();
    *key = reinterpret_cast<const uint8_t *>(k.data());
    *key_length = k.size();
    *value = reinterpret_cast<const uint8_t *>(v.data());
    *value_length = v.size();
    return true;
}

void weir_rocks_scan_next(weir_rocks_scan *scan) { scan->iterator->Next(); }
