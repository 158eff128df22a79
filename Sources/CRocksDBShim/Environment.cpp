// The file system without syncs, and the threads that all databases of the process share.
#include <rocksdb/file_system.h>

#include <mutex>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "Database.hpp"

namespace weir {
namespace {

using namespace rocksdb;

class UnsyncedFile : public FSWritableFileOwnerWrapper {
public:
    using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;
    IOStatus Sync(const IOOptions &, IODebugContext *) override { return IOStatus::OK(); }
    IOStatus Fsync(const IOOptions &, IODebugContext *) override { return IOStatus::OK(); }
    IOStatus RangeSync(uint64_t, uint64_t, const IOOptions &, IODebugContext *) override { return IOStatus::OK(); }
};

class UnsyncedDirectory : public FSDirectory {
public:
    IOStatus Fsync(const IOOptions &, IODebugContext *) override { return IOStatus::OK(); }
    IOStatus FsyncWithDirOptions(const IOOptions &, IODebugContext *, const DirFsyncOptions &) override {
        return IOStatus::OK();
    }
    IOStatus Close(const IOOptions &, IODebugContext *) override { return IOStatus::OK(); }
};

class UnsyncedFileSystem : public FileSystemWrapper {
public:
    using FileSystemWrapper::FileSystemWrapper;
    const char *Name() const override { return "weir.unsynced"; }

    IOStatus NewWritableFile(
        const std::string &name, const FileOptions &options, std::unique_ptr<FSWritableFile> *file,
        IODebugContext *context) override {
        return wrap(FileSystemWrapper::NewWritableFile(name, options, file, context), file);
    }
    IOStatus ReopenWritableFile(
        const std::string &name, const FileOptions &options, std::unique_ptr<FSWritableFile> *file,
        IODebugContext *context) override {
        return wrap(FileSystemWrapper::ReopenWritableFile(name, options, file, context), file);
    }
    IOStatus ReuseWritableFile(
        const std::string &name, const std::string &old, const FileOptions &options,
        std::unique_ptr<FSWritableFile> *file, IODebugContext *context) override {
        return wrap(FileSystemWrapper::ReuseWritableFile(name, old, options, file, context), file);
    }
    IOStatus NewDirectory(
        const std::string &name, const IOOptions &options, std::unique_ptr<FSDirectory> *directory,
        IODebugContext *context) override {
        // Opened all the same: a directory that isn't there is an error.
        IOStatus status = FileSystemWrapper::NewDirectory(name, options, directory, context);
        if (status.ok()) directory->reset(new UnsyncedDirectory());
        return status;
    }

private:
    static IOStatus wrap(IOStatus status, std::unique_ptr<FSWritableFile> *file) {
        if (status.ok()) file->reset(new UnsyncedFile(std::move(*file)));
        return status;
    }
};

}  // namespace

rocksdb::Env *unsyncedEnv() {
    // Never freed: threads of RocksDB may use it to the end of the process.
    static Env *env = NewCompositeEnv(std::make_shared<UnsyncedFileSystem>(FileSystem::Default())).release();
    return env;
}

}  // namespace weir

void weir_rocks_fix_mapping_threshold(void) {
#ifdef __GLIBC__
    static std::once_flag once;
    // What it is to begin with.
    std::call_once(once, [] { mallopt(M_MMAP_THRESHOLD, 128 << 10); });
#endif
}
