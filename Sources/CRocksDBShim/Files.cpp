// Directories of databases, and the files in them.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "Database.hpp"

namespace fs = std::filesystem;

namespace {

const char *const prefix = "weir-state-";
const char *const owner = "owner";

bool fail(int number, const std::string &what, weir_rocks_error *error) {
    error->fault = number == ENOSPC || number == EDQUOT                      ? WEIR_ROCKS_NO_SPACE
                   : number == EACCES || number == EPERM || number == EROFS ? WEIR_ROCKS_PERMISSION
                   : number == ENOENT                                       ? WEIR_ROCKS_MISSING
                                                                            : WEIR_ROCKS_OTHER;
    std::string text = what + ": " + strerror(number);
    size_t length = std::min(text.size(), sizeof error->message - 1);
    memcpy(error->message, text.data(), length);
    error->message[length] = 0;
    return false;
}

/// Deletes directories whose owners have ended: their locks went with them.
void collect(const fs::path &parent) {
    std::error_code code;
    for (auto entry = fs::directory_iterator(parent, code); !code && entry != fs::directory_iterator();
         entry.increment(code)) {
        fs::path path = entry->path();
        if (path.filename().string().rfind(prefix, 0) != 0) continue;
        int lock = open((path / owner).c_str(), O_RDWR | O_CLOEXEC);
        if (lock < 0) continue;
        if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
            std::error_code ignored;
            fs::remove_all(path, ignored);
        }
        close(lock);
    }
}

}  // namespace

int weir_rocks_claim_directory(const char *parent, char path[4096], weir_rocks_error *error) {
    std::error_code code;
    fs::create_directories(parent, code);
    if (code) {
        fail(code.value(), parent, error);
        return -1;
    }
    collect(parent);
    std::string name = std::string(parent) + "/" + prefix + "XXXXXX";
    if (name.size() >= 4096) {
        fail(ENAMETOOLONG, parent, error);
        return -1;
    }
    if (!mkdtemp(name.data())) {
        fail(errno, parent, error);
        return -1;
    }
    // Locked before it has the name that others look for.
    std::string making = name + "/" + owner + ".tmp", made = name + "/" + owner;
    int lock = open(making.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0 || rename(making.c_str(), made.c_str()) != 0) {
        fail(errno, name, error);
        if (lock >= 0) close(lock);
        weir_rocks_remove_directory(name.c_str());
        return -1;
    }
    memcpy(path, name.c_str(), name.size() + 1);
    return lock;
}

void weir_rocks_remove_directory(const char *path) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
}

void weir_rocks_release_directory(const char *path, int lock) {
    weir_rocks_remove_directory(path);
    close(lock);
}

bool weir_rocks_make_directory(const char *path, weir_rocks_error *error) {
    return mkdir(path, 0700) == 0 || fail(errno, path, error);
}

bool weir_rocks_link(const char *source, const char *target, bool copies, weir_rocks_error *error) {
    if (!copies && link(source, target) == 0) return true;
    std::error_code code;
    fs::copy_file(source, target, code);
    return code ? fail(code.value(), source, error) : true;
}

bool weir_rocks_list(
    const char *path, void (*each)(void *context, const char *name), void *context, weir_rocks_error *error) {
    std::error_code code;
    auto entry = fs::directory_iterator(path, code);
    for (; !code && entry != fs::directory_iterator(); entry.increment(code)) {
        each(context, entry->path().filename().c_str());
    }
    return code ? fail(code.value(), path, error) : true;
}
