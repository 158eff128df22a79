import Weir

extension WindowCase {
    private static let ten = TestWindowing.tumbling(.milliseconds(10))

    static let tumbling = [
        WindowCase("tumbling", ten, "a@0 a@9 a@10 w8 w9 w19", "w8 a[0,10)=0+1 w9 a[10,20)=2 w19 end"),
        WindowCase("negative times", ten, "a@-1 a@-10 a@-11 a@0", "a[-20,-10)=2 a[-10,0)=0+1 a[0,10)=3 end"),
        WindowCase(
            "an offset", .tumbling(.milliseconds(10), offset: .milliseconds(3)), "a@2 a@3 a@12 a@13",
            "a[-7,3)=0 a[3,13)=1+2 a[13,23)=3 end"),
        WindowCase(
            "a negative offset", .tumbling(.milliseconds(10), offset: .milliseconds(-3)), "a@6 a@7 a@-4",
            "a[-13,-3)=2 a[-3,7)=0 a[7,17)=1 end"),
        WindowCase("late at the boundary", ten, "a@5 w8 a@6 w9 a@7", "w8 a[0,10)=0+1 w9 & late 2 & end"),
        WindowCase(
            "late for a window that had no record", ten, "a@25 w12 a@5 a@19", "w12 & late 1 & a[10,20)=2 a[20,30)=0 end"
        ),
        WindowCase(
            "late panes within the lateness", ten, lateness: 5, "a@5 w9 a@6 w13 a@7 w14 a@8",
            "a[0,10)=0 w9 a[0,10)=0+1~1 w13 a[0,10)=0+1+2~2 w14 & late 3 & end"),
        WindowCase(
            "a key's first record is late", ten, lateness: 5, "b@5 w9 a@6 a@7 b@8",
            "b[0,10)=0 w9 a[0,10)=1~0 a[0,10)=1+2~1 b[0,10)=0+3~1 end"),
        WindowCase(
            "a window's first record is late", ten, lateness: 5, "a@25 w12 a@5 w13 a@6",
            "w12 a[0,10)=1~0 w13 a[0,10)=1+2~1 a[20,30)=0 end"),
        WindowCase("empty windows give nothing", ten, "a@5 w1000 a@1005", "a[0,10)=0 w1000 a[1000,1010)=1 end"),
        WindowCase(
            "windows of a watermark in order", ten, "a@25 b@11 a@5 a@15 w100",
            "a[0,10)=2 a[10,20)=3 a[20,30)=0 b[10,20)=1 w100 end"),
        WindowCase("a lower watermark is ignored", ten, "a@5 w9 w4 a@6 w20", "a[0,10)=0 w9 & late 1 & w20 end"),
        WindowCase("no input", ten, "", "end"),
    ]

    private static func sliding(_ size: Int, _ step: Int, offset: Int = 0) -> TestWindowing {
        .sliding(.milliseconds(size), every: .milliseconds(step), offset: .milliseconds(offset))
    }

    static let sliding = [
        WindowCase(
            "sliding", sliding(10, 5), "a@7 a@12 w9 w14 w19", "a[0,10)=0 w9 a[5,15)=0+1 w14 a[10,20)=1 w19 end"),
        WindowCase("size not a multiple of step", sliding(10, 4), "a@9", "a[0,10)=0 a[4,14)=0 a[8,18)=0 end"),
        WindowCase(
            "size not a multiple of step, several", sliding(10, 4), "a@9 a@3 w13 a@14",
            "a[-4,6)=1 a[0,10)=0+1 a[4,14)=0 w13 a[8,18)=0+2 a[12,22)=2 end"),
        WindowCase("step above size", sliding(4, 10), "a@3 a@4 a@9 a@13 a@-7", "a[-10,-6)=4 a[0,4)=0 a[10,14)=3 end"),
        WindowCase("step above size, late", sliding(4, 10), "a@3 w3 a@2 a@5", "a[0,4)=0 w3 & late 1 & end"),
        WindowCase("step above size, no divisor", sliding(4, 6), "a@3 a@4 a@5 a@6", "a[0,4)=0 a[6,10)=3 end"),
        WindowCase("an offset", sliding(10, 5, offset: 2), "a@7", "a[2,12)=0 a[7,17)=0 end"),
        WindowCase("a negative offset", sliding(10, 5, offset: -2), "a@7", "a[-2,8)=0 a[3,13)=0 end"),
        WindowCase("negative times", sliding(10, 5), "a@-7 a@-1", "a[-15,-5)=0 a[-10,0)=0+1 a[-5,5)=1 end"),
        WindowCase("partially late", sliding(10, 5), "a@7 w9 a@8 b@6", "a[0,10)=0 w9 a[5,15)=0+1 b[5,15)=2 end"),
        WindowCase(
            "partially late for a window that fired empty", sliding(10, 5), "a@20 w9 a@8",
            "w9 a[5,15)=1 a[15,25)=0 a[20,30)=0 end"),
        WindowCase("late", sliding(10, 5), "a@7 w14 a@8", "a[0,10)=0 a[5,15)=0 w14 & late 1 & end"),
        WindowCase(
            "late panes within the lateness", sliding(10, 5), lateness: 3, "a@7 w9 a@8 w11 a@9 w12 a@9",
            "a[0,10)=0 w9 a[0,10)=0+1~1 w11 a[0,10)=0+1+2~2 w12 a[5,15)=0+1+2+3 end"),
        WindowCase(
            "late panes of all windows", sliding(10, 5), lateness: 100, "a@7 w20 a@8 b@9",
            "a[0,10)=0 a[5,15)=0 w20 a[0,10)=0+1~1 a[5,15)=0+1~1 b[0,10)=2~0 b[5,15)=2~0 end"),
        WindowCase(
            "late panes across slices", sliding(10, 5), lateness: 100, "a@7 a@12 w14 a@2 a@11 a@6",
            "a[0,10)=0 a[5,15)=0+1 w14 a[-5,5)=2~0 a[0,10)=0+2~1 a[5,15)=0+1+3~1 a[0,10)=0+2+4~2 a[5,15)=0+1+3+4~2 "
                + "a[10,20)=1+3 end"),
        WindowCase(
            "the last lateness", sliding(10, 5), lateness: 3, "a@7 w16 a@8 w17 a@9",
            "a[0,10)=0 a[5,15)=0 w16 a[5,15)=0+1~1 w17 & late 2 & end"),
        WindowCase(
            "totals outlive idle stretches", sliding(30, 10), "a@5 w9 w19 a@25 w29 w39 w49 w59 a@95",
            "a[-20,10)=0 w9 a[-10,20)=0 w19 a[0,30)=0+1 w29 a[10,40)=1 w39 a[20,50)=1 w49 w59 a[70,100)=2 a[80,110)=2 "
                + "a[90,120)=2 end"),
    ]

    private static let gap = TestWindowing.session(gap: .milliseconds(10))

    static let session = [
        WindowCase("one session", gap, "a@0 a@9 w17 w18", "w17 a[0,19)=0+1 w18 end"),
        WindowCase("exactly the gap apart", gap, "a@0 a@10", "a[0,10)=0 a[10,20)=1 end"),
        WindowCase("exactly the gap apart, backwards", gap, "a@10 a@0", "a[0,10)=1 a[10,20)=0 end"),
        WindowCase("a bridge between two", gap, "a@0 a@12 a@6 w100", "a[0,22)=0+1+2 w100 end"),
        WindowCase("a bridge among three", gap, "a@0 a@12 a@40 a@24 a@6", "a[0,22)=0+1+4 a[24,34)=3 a[40,50)=2 end"),
        WindowCase("two bridges over three", gap, "a@24 a@0 a@12 a@18 a@6", "a[0,34)=0+1+2+3+4 end"),
        WindowCase("a bridge too short", gap, "a@20 a@0 a@10", "a[0,10)=1 a[10,20)=2 a[20,30)=0 end"),
        WindowCase("out of order", gap, "a@20 a@5 a@14 a@-4", "a[-4,30)=0+1+2+3 end"),
        WindowCase("keys apart", gap, "a@0 b@5 a@9 b@15", "a[0,19)=0+2 b[5,15)=1 b[15,25)=3 end"),
        WindowCase("behind the watermark, joins", gap, "a@0 a@8 w12 a@1 a@-9", "w12 a[-9,18)=0+1+2+3 end"),
        WindowCase("behind the watermark, joins none", gap, "a@20 w12 a@3", "w12 & late 1 & a[20,30)=0 end"),
        WindowCase("just not late", gap, "a@20 w12 a@4", "w12 a[4,14)=1 a[20,30)=0 end"),
        WindowCase("after its session", gap, "a@0 w9 a@8", "a[0,10)=0 w9 a[8,18)=1 end"),
        WindowCase("late after its session", gap, "a@0 w17 a@8", "a[0,10)=0 w17 & late 1 & end"),
        WindowCase(
            "sessions of a watermark in order", gap, "a@40 a@0 a@20 w100", "a[0,10)=1 a[20,30)=2 a[40,50)=0 w100 end"),
        WindowCase(
            "a fired session again at once", gap, lateness: 20, "a@0 w20 a@5", "a[0,10)=0 w20 a[0,15)=0+1~1 end"),
        WindowCase(
            "a fired session goes on", gap, lateness: 20, "a@0 w9 a@5 w13 w14 w33 w34",
            "a[0,10)=0 w9 w13 a[0,15)=0+1#1 w14 w33 w34 end"),
        WindowCase(
            "a fired session joins an open one", gap, lateness: 20, "a@0 a@15 w12 a@7 w24",
            "a[0,10)=0 w12 a[0,25)=0+1+2#1 w24 end"),
        WindowCase(
            "two fired sessions join", gap, lateness: 30, "a@0 a@15 w30 a@7",
            "a[0,10)=0 a[15,25)=1 w30 a[0,25)=0+1+2~1 end"),
        WindowCase(
            "first record is late", gap, lateness: 30, "a@100 w30 a@7 a@8",
            "w30 a[7,17)=1~0 a[7,18)=1+2~1 a[100,110)=0 end"),
        WindowCase(
            "the last lateness", gap, lateness: 5, "a@0 w13 a@1 w15 a@0 w100",
            "a[0,10)=0 w13 a[0,11)=0+1~1 w15 & late 2 & w100 end"),
        WindowCase(
            "a fired session goes on twice", gap, lateness: 20, "a@0 w9 a@5 w14 a@12 w15 w21",
            "a[0,10)=0 w9 a[0,15)=0+1#1 w14 w15 a[0,22)=0+1+2#2 w21 end"),
    ]

    static let global = [
        WindowCase("global", .global, "a@5 b@-5 w100 a@0", "w100 a[min,max)=0+2 b[min,max)=1 end")
    ]
}
