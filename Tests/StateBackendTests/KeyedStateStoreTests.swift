import StateBackend
import Testing

@Suite struct KeyedStateStoreTests {
    @Test func valuesBelongToTheSelectedKey() throws {
        let store = KeyedStateStore<String>()
        let total = try store.value("total", of: Int.self)
        let name = try store.value("name", of: String.self)

        select("a", in: store)
        #expect(total.value == nil)
        total.value = 1
        name.value = "first"
        select("b", in: store)
        #expect(total.value == nil)
        #expect(name.value == nil)
        total.value = 20
        total.value = 21
        select("a", in: store)
        #expect(total.value == 1)
        #expect(name.value == "first")
        #expect(store.selectedHash == "a".stableHash)
        #expect(store.keyCounts.map(\.name) == ["total", "name"])
        #expect(store.keyCounts.map(\.count) == [2, 1])

        total.value = nil
        #expect(total.value == nil)
        total.value = nil
        #expect(store.keyCounts.map(\.count) == [1, 1])
        select("b", in: store)
        #expect(total.value == 21)
    }

    @Test func updateBeginsWithTheDefaultOnlyWhereThereIsNoValue() throws {
        let store = KeyedStateStore<Int>()
        let list = try store.value("list", of: [Int].self)
        select(1, in: store)
        #expect(
            list.update(default: [0]) {
                $0.append(1); return $0.count
            } == 2)
        #expect(
            list.update(default: [9, 9]) {
                $0.append(2); return $0.count
            } == 3)
        #expect(list.value == [0, 1, 2])
    }

    @Test func withoutAKeyThereIsNothing() throws {
        let store = KeyedStateStore<Int>()
        let state = try store.value("state", of: Int.self)
        state.value = 5
        #expect(state.value == nil)
        #expect(state.update(default: 1) { $0 } == nil)
        #expect(store.keyCounts.map(\.count) == [0])
    }

    @Test(arguments: ["", "total"])
    func namesMustBeDistinct(name: String) throws {
        let store = KeyedStateStore<Int>()
        _ = try store.value("total", of: Int.self)
        let error = #expect(throws: StateError.self) { _ = try store.value(name, of: String.self) }
        #expect(error?.code == .duplicateState)
        #expect(error?.message.contains("'\(name)'") == true)
    }

    private func select<Key: StreamKey>(_ key: Key, in store: KeyedStateStore<Key>) {
        store.select(key, hash: key.stableHash)
    }
}
