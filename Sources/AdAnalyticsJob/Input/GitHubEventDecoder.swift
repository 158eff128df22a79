internal import Weir

/// Reads an event from GitHub's public stream: stars are clicks, forks baskets, pushes views, issue comments
/// impressions, pull requests purchases; repositories are campaigns.
enum GitHubEventDecoder {
    static func read(_ object: inout JSONObjectReader, _ position: RecordPosition) throws(DecodeError) -> AdEvent {
        var event = AdEvent()
        event.tenant = "github"
        var hasTime = false
        var type = ""
        while let name = try object.nextField() {
            switch name {
            case "id": event.id = try string(&object)
            case "type": type = try object.string()
            case "created_at":
                event.time = try object.timestamp()
                hasTime = true
            case "actor": event.user = try member("login", of: &object)
            case "repo": event.campaign = try member("name", of: &object)
            default: try object.skipValue()
            }
        }
        if type.isEmpty { throw DecodeError.missingField("type") }
        event.kind =
            switch type {
            case "WatchEvent": .click
            case "ForkEvent": .basket
            case "PushEvent": .view
            case "IssueCommentEvent": .impression
            case "PullRequestEvent": .purchase
            default: .other
            }
        try EventChecks.finish(&event, hasTime: hasTime, position)
        return event
    }

    /// A string of a nested object, or empty where there is no such string or object.
    private static func member(
        _ wanted: StaticString, of object: inout JSONObjectReader
    ) throws(DecodeError) -> String {
        var value = ""
        if object.isNull() {
            try object.null()
            return value
        }
        try object.enterObject()
        while let name = try object.nextField() {
            if name == wanted { value = try string(&object) } else { try object.skipValue() }
        }
        return value
    }

    /// A string, or empty for null.
    private static func string(_ object: inout JSONObjectReader) throws(DecodeError) -> String {
        if object.isNull() {
            try object.null()
            return ""
        }
        return try object.string()
    }
}
