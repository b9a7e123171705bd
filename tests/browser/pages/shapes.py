"""HTML as programs put it on the clipboard, and the text that it is."""

from typing import NamedTuple


class Shape(NamedTuple):
    """What is copied, by the name of what copied it, and the text of the story."""

    name: str
    html: str
    text: str


_WORD = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><meta name=Generator "
    "content='Microsoft Word 15'><style><!-- p.MsoNormal {{margin:0cm;}} --></style></head>"
    "<body lang=EN-GB><!--StartFragment-->{}<!--EndFragment--></body></html>"
)
_OFFICE = (
    '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.0 Transitional//EN"><html><head><meta http-equiv='
    '"content-type" content="text/html; charset=utf-8"/><title></title><style type="text/css">'
    "p {{ line-height: 115% }}</style></head><body lang='en-GB'>{}</body></html>"
)

SHAPES = (
    Shape("words", "Once", "Once"),
    Shape("nothing", "", ""),
    Shape("a picture", '<img src="x.png" alt="A long description">', ""),
    Shape(
        "Google Docs",
        '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1">'
        '<p dir="ltr"><span style="white-space:pre-wrap;">One  two.</span></p><br />'
        '<p dir="ltr"><span>Three<br />four.</span></p><br /><br />'
        "<ul><li dir='ltr'><p dir='ltr' role='presentation'><span>item</span></p></li>"
        "<li dir='ltr'><p><span>other</span></p></li></ul></b>"
        '<br class="Apple-interchange-newline">',
        "One  two.\n\nThree\nfour.\n\nitem\n\nother",
    ),
    Shape(
        "Word",
        _WORD.format(
            "<p class=MsoNormal>The first\nline<o:p></o:p></p>\n\n"
            "<p class=MsoNormal><o:p>&nbsp;</o:p></p>\n\n"
            "<p class=MsoNormal>He said:<span style='mso-spacerun:yes'>&nbsp; </span>“No”"
            "<br>and went.<o:p></o:p></p>"
        ),
        "The first line\n\nHe said: “No”\nand went.",
    ),
    Shape(
        "Word's list",
        _WORD.format(
            "<p class=MsoListParagraph style='text-indent:-18.0pt'><![if !supportLists]>"
            "<span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;"
            "</span></span></span><![endif]>A lamp<o:p></o:p></p>"
            "<p class=MsoListParagraph><span style='mso-list:Ignore'>2.</span>A map</p>"
        ),
        "A lamp\n\nA map",
    ),
    Shape(
        "Word's hidden text",
        _WORD.format("<p>Seen.<span style='display:none;mso-hide:all'>Not.</span></p>"),
        "Seen.",
    ),
    Shape(
        "LibreOffice",
        _OFFICE.format(
            '<p style="margin-bottom: 0cm">The first\n<i>line</i></p>\n<p><br/>\n\n</p>\n'
            "<p>The <b>second</b> one</p>\n"
        ),
        "The first *line*\n\nThe **second** one",
    ),
    Shape(
        "LibreOffice's table",
        _OFFICE.format(
            "<p>Before</p><table><col width=64*><col width=64*>\n<tr valign=top>\n<td width=50%>"
            "<p>Anna</p>\n</td>\n<td><p>Ben</p></td></tr>\n<tr><td><p>sea</p></td>\n"
            "<td><p><br/>\n</p></td></tr></table><p>After</p>"
        ),
        "Before\n\nAnna\tBen\nsea\n\nAfter",
    ),
    Shape(
        "a spreadsheet",
        "<table><colgroup><col><col></colgroup><thead><tr><th>Who</th><th>Where</th></tr></thead>"
        "<tbody><tr><td>Anna</td><td>at sea</td></tr></tbody>"
        "<tfoot><tr><td></td><td>2</td></tr></tfoot></table>",
        "Who\tWhere\nAnna\tat sea\n\t2",
    ),
    Shape("two cells", "<td>Anna</td><td>Ben</td>", "Anna\tBen"),
    Shape("a row", "<tr><td>Anna</td><td>Ben</td></tr><tr><td>sea</td></tr>", "Anna\tBen\nsea"),
    Shape(
        "a page laid out by a table",
        "<table><tr><td>Menu</td><td><p>One.</p><p>Two.</p></td></tr></table>",
        "Menu\n\nOne.\n\nTwo.",
    ),
    Shape(
        "a table in a cell",
        "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>",
        "a\tb\tc",
    ),
    Shape(
        "lists",
        "<p>Take:</p><ol><li>a lamp</li><li>a map<ul><li>of the sea</li></ul></li></ol>"
        "<dl><dt>Anna</dt><dd>a girl</dd></dl>",
        "Take:\n\na lamp\n\na map\n\nof the sea\n\nAnna\n\na girl",
    ),
    Shape("preformatted", "<pre>one\n  two\n\nthree</pre>after", "one\ntwo\n\nthree\n\nafter"),
    Shape("headings", "<h1>Title</h1><h2>Part <i>one</i></h2>Text", "Title\n\nPart *one*\n\nText"),
    Shape(
        "divs",
        "<div><div>One</div><div><br></div><div><div>Two</div> and </div></div>three",
        "One\n\nTwo\n\nand\n\nthree",
    ),
    Shape("breaks", "One<br>two<br><br>three<br><br><br><br>four<br>", "One\ntwo\n\nthree\n\nfour"),
    Shape("breaks around", "<br><p>One</p><br><br><p>two</p><br>", "One\n\ntwo"),
    Shape("spans as blocks", '<span style="display: block">One</span>two', "One\n\ntwo"),
    Shape("spaces", "<p> One \n\t <b>two </b> <i> three</i> </p>", "One **two** *three*"),
    Shape("no-break spaces", "<p>a&nbsp; b&nbsp;c &nbsp;<br>&nbsp;d</p><p>&nbsp;</p>", "a b c\nd"),
    Shape(
        "no-break spaces that are meant",
        "«&nbsp;Oui&nbsp;!&nbsp;» 10&nbsp;000",
        "«\xa0Oui\xa0!\xa0» 10\xa0000",
    ),
    Shape(
        "Apple's spaces",
        '<p>one<span class="Apple-converted-space">&nbsp;</span>two</p>',
        "one two",
    ),
    Shape("comments", "<p>One<!-- two --> three</p><!--four-->", "One three"),
    Shape(
        "style and script",
        "<style>p { color: red }</style><script>alert(1)</script><p>One</p><noscript>no</noscript>"
        "<template>no</template><svg><text>no</text></svg><select><option>no</option></select>",
        "One",
    ),
    Shape("a hidden part", "<p>One<span hidden>no</span></p><p hidden>no</p>", "One"),
    Shape("a scene break", "<p>One</p><hr><p>Two</p>", "One\n\n* * *\n\nTwo"),
    Shape("emoji as pictures", '<p>Yes <img class="emoji" alt="🙂">!</p>', "Yes 🙂!"),
    Shape("readings", "<ruby>漢字<rp>(</rp><rt>かんじ</rt><rp>)</rp></ruby>だ", "漢字だ"),
    Shape("right to left", '<p dir="rtl">שלום</p><p>עולם</p>', "שלום\n\nעולם"),
    Shape("markup as text", "<p>1 &lt; 2 &amp; &lt;b&gt;</p>", "1 < 2 & <b>"),
    Shape("a broken page", "<p>One<p>two</div><td>three", "One\n\ntwothree"),
    Shape("another editor", '<p data-pm-slice="1 1 []">One  two</p><p></p>', "One two"),
    Shape("a line feed of Windows", "<pre>one\r\ntwo</pre>", "one\ntwo"),
)
