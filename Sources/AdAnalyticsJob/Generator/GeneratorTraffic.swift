/// The users' behaviour: sessions that come and go over the day, each a walk from impression to purchase.
///
/// Emits events in event-time order, endlessly. Memory is that of the active sessions and of the user table.
struct GeneratorTraffic {
    private enum Step { case impression, click, landing, view, basket, purchase }

    private struct Session: GeneratorScheduled {
        var due: Int64
        let number: Int
        let tenant: Int32
        let user: Int32
        var step: Step
        var pagesLeft: Int
        var campaign: Int32 = -1
        var ad: Int32 = -1
        var product: Int32 = -1
        var quantity: Int32 = 1
    }

    /// A basket that its user means to buy on the next visit.
    private struct OpenBasket {
        var product: Int32 = -1
        var quantity: Int32 = 1
    }

    /// Traffic of each hour of the day, UTC.
    private static let rhythm = [
        0.45, 0.35, 0.30, 0.28, 0.30, 0.40, 0.60, 0.80, 0.95, 1.05, 1.10, 1.15,
        1.20, 1.15, 1.10, 1.10, 1.15, 1.25, 1.45, 1.65, 1.75, 1.55, 1.10, 0.70,
    ]
    /// Events of a session on average; the steering corrects what this is off.
    private static let eventsPerSession = 8.1

    private let options: AdEventGeneratorOptions
    private var random: GeneratorRandom
    private let tenantRanks, campaignRanks, productRanks: GeneratorRanking
    private let clickRates: [Double]
    private var sessions = GeneratorHeap<Session>()
    private var isActive: [Bool]
    private var openBaskets: [OpenBasket]
    private var nextArrival: Int64
    /// The fraction of a millisecond that the next arrival is owed.
    private var carry = 0.0
    private var sessionCount = 0
    private var emitted = 0
    /// Integral of the rhythm up to `nextArrival`, and over the whole span.
    private var mass = 0.0
    private let totalMass: Double

    init(_ options: AdEventGeneratorOptions) {
        self.options = options
        random = GeneratorRandom(seed: options.seed)
        tenantRanks = GeneratorRanking(count: options.tenants, steep: false)
        campaignRanks = GeneratorRanking(count: options.campaignsPerTenant, steep: true)
        productRanks = GeneratorRanking(count: options.productsPerTenant, steep: false)
        var draws = GeneratorRandom(seed: options.seed ^ 0xC1)
        clickRates = (0..<options.tenants * options.campaignsPerTenant).map { _ in 0.01 + 0.05 * draws.unit() }
        isActive = Array(repeating: false, count: options.users)
        openBaskets = Array(repeating: OpenBasket(), count: options.users)
        nextArrival = options.start
        let steps = 4_096
        let width = Double(options.span) / Double(steps)
        totalMass = (0..<steps).reduce(0.0) { sum, step in
            sum + width * Self.density(options.start + Int64((Double(step) + 0.5) * width))
        }
    }

    /// The rhythm at a time, interpolated between the hours.
    private static func density(_ time: Int64) -> Double {
        let day: Int64 = 86_400_000
        let ofDay = Int(((time % day) + day) % day)
        let (hour, rest) = ofDay.quotientAndRemainder(dividingBy: 3_600_000)
        return rhythm[hour] + (rhythm[(hour + 1) % 24] - rhythm[hour]) * (Double(rest) / 3_600_000)
    }

    /// The next event; its id is its number.
    mutating func next() -> GeneratorEvent {
        while true {
            guard let session = sessions.first, session.due <= nextArrival else {
                arrive()
                continue
            }
            _ = sessions.popFirst()
            return advance(session)
        }
    }

    // MARK: Arrivals

    private mutating func arrive() {
        let now = nextArrival
        startSession(at: now)
        // Sessions come at the rate that the rhythm asks for, faster or slower by how far the events are behind or ahead.
        let eventsPerMs = Double(options.events) / totalMass * Self.density(now)
        let perHour = Double(options.events) / Double(options.span) * 3_600_000
        let behind = Double(options.events) * min(mass / totalMass, 1) - Double(emitted)
        let steering = min(max(1 + behind / max(perHour, 1), 0.2), 3)
        let mean = Self.eventsPerSession / max(eventsPerMs * steering, 1e-12)
        let wait = min(max(2 * random.unit() * mean, 0), 1e12)
        carry += wait
        let whole = carry.rounded(.down)
        carry -= whole
        nextArrival += Int64(whole)
        mass += whole * Self.density(now)
    }

    private mutating func startSession(at time: Int64) {
        let tenant = tenantRanks.draw(&random)
        // The users of a tenant are those whose number is congruent to it; the square favours the lower, regular ones.
        let usersOfTenant = max((options.users - tenant + options.tenants - 1) / options.tenants, 1)
        var user = 0
        for _ in 0..<8 {
            let u = random.unit()
            user = min(Int(u * u * Double(usersOfTenant)) * options.tenants + tenant, options.users - 1)
            if !isActive[user] { break }
        }
        isActive[user] = true
        sessionCount += 1
        let u = random.unit()
        var session = Session(
            due: time, number: sessionCount, tenant: Int32(user % options.tenants), user: Int32(user),
            step: random.chance(0.6) ? .impression : .view, pagesLeft: 2 + Int(u * u * 17))
        if openBaskets[user].product >= 0, random.chance(0.6) {
            session.step = .purchase
            session.product = openBaskets[user].product
            session.quantity = openBaskets[user].quantity
            openBaskets[user].product = -1
        }
        sessions.insert(session)
    }

    // MARK: A session's walk

    private mutating func advance(_ current: Session) -> GeneratorEvent {
        var session = current
        var event = GeneratorEvent(
            id: UInt64(emitted), time: session.due, kind: .view, tenant: session.tenant, user: session.user)
        emitted += 1
        switch session.step {
        case .impression:
            event.kind = .impression
            session.campaign = Int32(campaignRanks.draw(&random))
            session.ad = Int32(random.below(options.adsPerCampaign))
            (event.campaign, event.ad) = (session.campaign, session.ad)
            let rate = clickRates[Int(session.tenant) * options.campaignsPerTenant + Int(session.campaign)]
            if random.chance(rate) {
                proceed(session, to: .click, after: random.delay(500, 12_000))
            } else {
                turnPage(session)
            }
        case .click:
            event.kind = .click
            session.product = GeneratorCatalogue.product(
                ofAd: session.ad, campaign: session.campaign, products: options.productsPerTenant)
            (event.campaign, event.ad, event.product) = (session.campaign, session.ad, session.product)
            proceed(session, to: .landing, after: random.delay(200, 2_500))
        case .landing:
            (event.campaign, event.ad, event.product) = (session.campaign, session.ad, session.product)
            consider(session, probability: 0.14)
        case .view:
            session.product = Int32(productRanks.draw(&random))
            event.product = session.product
            consider(session, probability: 0.075)
        case .basket:
            event.kind = .basket
            let u = random.unit()
            session.quantity = 1 + Int32(u * u * u * 5)
            price(&event, of: session)
            checkOut(session)
        case .purchase:
            event.kind = .purchase
            price(&event, of: session)
            turnPage(session)
        }
        return event
    }

    private func price(_ event: inout GeneratorEvent, of session: Session) {
        event.product = session.product
        event.price = GeneratorCatalogue.price(ofProduct: session.product, tenant: session.tenant)
        event.quantity = session.quantity
    }

    private mutating func consider(_ session: Session, probability: Double) {
        if random.chance(probability) {
            proceed(session, to: .basket, after: random.delay(4_000, 90_000))
        } else {
            turnPage(session)
        }
    }

    private mutating func checkOut(_ session: Session) {
        let u = random.unit()
        if u < 0.32 {
            proceed(session, to: .purchase, after: random.delay(20_000, 240_000))
            return
        }
        if u < 0.38 {
            openBaskets[Int(session.user)] = OpenBasket(product: session.product, quantity: session.quantity)
        }
        turnPage(session)
    }

    private mutating func turnPage(_ session: Session) {
        var session = session
        session.pagesLeft -= 1
        guard session.pagesLeft > 0 else {
            isActive[Int(session.user)] = false
            return
        }
        // A second ad on the same page, or the next page after a while.
        if session.step == .impression, random.chance(0.3) {
            proceed(session, to: .impression, after: random.delay(0, 400))
        } else {
            proceed(session, to: random.chance(0.62) ? .impression : .view, after: random.delay(2_500, 130_000))
        }
    }

    private mutating func proceed(_ session: Session, to step: Step, after delay: Int64) {
        var session = session
        session.step = step
        session.due += delay
        sessions.insert(session)
    }
}
