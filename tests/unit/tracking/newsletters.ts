/** A newsletter as its author's tool wrote it, and the links of it that can be tracked, in the order of their numbers. */
export interface Newsletter {
  name: string;
  html: string;
  links: string[];
}

const SHOP = 'https://shop.example.com';

export const NEWSLETTERS: readonly Newsletter[] = [
  {
    name: 'tables within tables, XHTML 1.0 Transitional',
    html: `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
<title>Weekly <a href="https://no.example/title">x</a></title></head>
<body bgcolor="#ffffff"><table width="100%" cellpadding="0"><tr><td><table><tr><td>
<a href="${SHOP}/one" target="_blank"><img src="https://img.example/a.png" alt="" /></a></td>
<td><a href="${SHOP}/two">Two</a></td></tr></table></td></tr></table></body></html>`,
    links: [`${SHOP}/one`, `${SHOP}/two`],
  },
  {
    name: 'entities in links',
    html: `<p><a href="${SHOP}/?a=1&amp;b=2&amp;amp=3">x</a> <a href="${SHOP}/?q=&quot;malt&quot;&#38;c=&#x41;">y</a>
<a href="${SHOP}/?copy=1&copy=2&reg;=3">legacy names</a></p>`,
    links: [`${SHOP}/?a=1&b=2&amp=3`, `${SHOP}/?q="malt"&c=A`, `${SHOP}/?copy=1&copy=2®=3`],
  },
  {
    name: 'an Outlook button in VML, and the same for everybody else',
    html: `<html xmlns:v="urn:schemas-microsoft-com:vml"><body><!--[if mso]>
<v:roundrect xmlns:v="urn:schemas-microsoft-com:vml" href="${SHOP}/buy?x=1&amp;y=2" style="height:40px;v-text-anchor:middle;width:200px;" arcsize="10%" stroke="f" fillcolor="#d62828">
<w:anchorlock/><center style="color:#fff">Buy</center></v:roundrect><![endif]--><!--[if !mso]><!-- --><a href="${SHOP}/buy?x=1&amp;y=2" style="background-color:#d62828">Buy</a><!--<![endif]--></body></html>`,
    links: [`${SHOP}/buy?x=1&y=2`],
  },
  {
    name: 'conditional comments of every kind',
    html: `<!--[if (gte mso 9)|(IE)]><table><tr><td><a href="${SHOP}/mso">m</a></td></tr></table><![endif]-->
<![if !mso]><a href="${SHOP}/revealed">r</a><![endif]>
<!--[if !mso]><!--><a href="${SHOP}/hidden">h</a><!--<![endif]-->
<!--[if mso]><a href="${SHOP}/unclosed">not closed as it should be</a>-->
<!--[IF MSO 16]><a href="${SHOP}/upper">u</a><![ENDIF]-->`,
    links: [`${SHOP}/mso`, `${SHOP}/revealed`, `${SHOP}/hidden`, `${SHOP}/upper`],
  },
  {
    name: 'nested quotes',
    html: `<a title='say "hi" > there' href='${SHOP}/?q="a"' onclick="x('href=&quot;https://no.example/&quot;')">a</a>
<a href="${SHOP}/it's" title="it's">b</a><a href="${SHOP}/{{ q | default: "none" }}">c</a>`,
    links: [`${SHOP}/?q="a"`, `${SHOP}/it's`, `${SHOP}/{{ q | default: "none" }}`],
  },
  {
    name: 'upper-case tags, attributes and schemes',
    html: `<HTML><BODY><A CLASS=X HREF="HTTPS://Shop.Example.com/Up">X</A><A hReF = '${SHOP}/mixed' >y</A></BODY></HTML>`,
    links: ['HTTPS://Shop.Example.com/Up', `${SHOP}/mixed`],
  },
  {
    name: 'attributes without quotes',
    html: `<a href=${SHOP}/plain>a</a><a class=b href=${SHOP}/?x=1&amp;y=2 target=_blank>b</a><a href=${SHOP}/slash/>c</a><a href=${SHOP}/{{ a | plus: 1 }}>d</a>`,
    links: [`${SHOP}/plain`, `${SHOP}/?x=1&y=2`, `${SHOP}/slash/`, `${SHOP}/{{ a | plus: 1 }}`],
  },
  {
    name: 'loops: what their variable makes is known at the send only',
    html: `<ul>{% for item in items %}<li><a href="${SHOP}/p/{{ item.id }}">{{ item.name }}</a> <a href="${SHOP}/all">all</a></li>{% endfor %}</ul>
{% tablerow one in items cols:2 %}<a href="${SHOP}/t/{{ one }}">x</a>{% endtablerow %}`,
    links: [`${SHOP}/all`],
  },
  {
    name: 'conditions around links, within tags and within values',
    html: `{% if vip %}<a href="${SHOP}/vip">VIP</a>{% else %}<a href="${SHOP}/all">All</a>{% endif %}
<a {% if dark %}class="dark"{% endif %} href="${SHOP}/styled">s</a><a class="x"{% if y %}href="${SHOP}/in"{% endif %}>t</a>
<a href="${SHOP}/{% if vip %}gold{% else %}{{ plan }}{% endif %}">g</a><a href="{% if vip %}${SHOP}/a{% else %}${SHOP}/b{% endif %}">host in a branch</a>
{% if z %}<a href="${SHOP}/half{% else %}<a href="${SHOP}/other{% endif %}">cut in two</a>`,
    links: [
      `${SHOP}/vip`,
      `${SHOP}/all`,
      `${SHOP}/styled`,
      `${SHOP}/in`,
      `${SHOP}/{% if vip %}gold{% else %}{{ plan }}{% endif %}`,
    ],
  },
  {
    name: 'links in comments, styles and scripts',
    html: `<html><head><style>a[href="https://no.example/style"] { color: red } /* <a href="https://no.example/s2"> */</style>
<script type="application/ld+json">{"@type":"EmailMessage","x":"<a href='https://no.example/script'>"}</script></head>
<body><!-- <a href="https://no.example/comment">old</a> --><a href="${SHOP}/real">r</a><textarea><a href="https://no.example/ta"></textarea></body></html>`,
    links: [`${SHOP}/real`],
  },
  {
    name: 'a base for relative links',
    html: `<head><base href="https://base.example/mail/"><link rel="stylesheet" href="https://no.example/a.css"></head>
<body><a href="relative/page">r</a><a href="/rooted">r</a><a href="//other.example/x">p</a><a href="?q">q</a><a href="${SHOP}/absolute">a</a></body>`,
    links: [`${SHOP}/absolute`],
  },
  {
    name: 'the areas of a map',
    html: `<img usemap="#m" src="https://img.example/map.png"><map name="m"><area shape="rect" coords="0,0,10,10" href="${SHOP}/left" alt="l"><AREA shape=rect coords="1,1,2,2" href='${SHOP}/right'/></map>`,
    links: [`${SHOP}/left`, `${SHOP}/right`],
  },
  {
    name: 'AMP for e-mail',
    html: `<!doctype html><html ⚡4email data-css-strict><head><meta charset="utf-8"><script async src="https://cdn.ampproject.org/v0.js"></script><style amp4email-boilerplate>body{visibility:hidden}</style></head>
<body><amp-img src="https://img.example/x.png" width="10" height="10"></amp-img><a href="${SHOP}/amp">a</a><amp-list src="https://no.example/list.json"><template type="amp-mustache"><b>x</b></template></amp-list></body></html>`,
    links: [`${SHOP}/amp`],
  },
  {
    name: 'HTML 5, several bodies’ ends, and what editors leave behind',
    html: `<!DOCTYPE html>\n<html lang="de">\n<body><p>“</body>” in a comment: <!-- </body> --></p><a href="${SHOP}/ä?ö=ü">Grüße</a></body>\n</html>\n<p><a href="${SHOP}/after">after</a></p>\n`,
    links: [`${SHOP}/ä?ö=ü`, `${SHOP}/after`],
  },
  {
    name: 'HTML 3.2 in CRLF, without a body',
    html: `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\r\n<FONT SIZE=2>\r\n<A\r\n HREF="${SHOP}/crlf"\r\n>x</A>\r\n<A HREF="\r\n  ${SHOP}/padded\r\n">y</A></FONT>\r\n`,
    links: [`${SHOP}/crlf`, `${SHOP}/padded`],
  },
  {
    name: 'schemes and places that are never tracked',
    html: `<a href="mailto:a@b.example?subject=x">m</a><a href="tel:+49301">t</a><a href="sms:+49301">s</a><a href="#top">anchor</a><a href="">e</a><a href>n</a>
<a href="javascript:alert(1)">j</a><a href="data:text/html,x">d</a><a href="ftp://ftp.example/x">f</a><a href="whatsapp://send?text=x">w</a><a name="top">no link</a>
<a href="{{ unsubscribe_url }}">u</a><a href="${SHOP}/leave?u={{ unsubscribe_url | url_encode }}">u2</a><a href="https:/one-slash.example">o</a><a href="https://">none</a><a href="http://plain.example">http</a>`,
    links: ['http://plain.example'],
  },
  {
    name: 'links marked data-no-track',
    html: `<a data-no-track href="${SHOP}/a">a</a><a href="${SHOP}/b" data-no-track="">b</a><a href='${SHOP}/c' DATA-NO-TRACK=true>c</a><a {% if x %}data-no-track{% endif %} href="${SHOP}/d">d</a><a href="${SHOP}/e" data-no-tracking>e</a>`,
    links: [`${SHOP}/e`],
  },
  {
    name: 'hosts made of variables',
    html: `<a href="https://{{ host }}/x">a</a><a href="{{ url }}">b</a><a href="https://shop.example.com{{ rest }}">c</a><a href="https://{{ sub }}.example.com/">d</a>
<a href="{{ scheme }}://shop.example.com/">e</a><a href="https://user:pass@shop.example.com/">f</a><a href="https://shop.example.com:{{ port }}/">g</a><a href="https://shop.example.com\\{{ x }}">h</a>
<a href="https://shop.example.com/{{ path }}?{{ query }}#{{ name | url_encode }}">i</a>`,
    links: ['https://shop.example.com/{{ path }}?{{ query }}#{{ name | url_encode }}'],
  },
  {
    name: 'Liquid that is kept as text, set aside or made within the template',
    html: `{% raw %}<a href="${SHOP}/raw/{{ x }}">r</a></body>{% endraw %}{% comment %}<!-- <a href="${SHOP}/no"> {% endcomment %}<a href="${SHOP}/a">a</a>
{% assign code = name | upcase %}<a href="${SHOP}/?c={{ code }}">assigned</a>{% capture box %}<a href="${SHOP}/captured">c</a>{% endcapture %}{{ box | raw }}
<a href="${SHOP}/{% increment n %}">counted</a><a href="${SHOP}/{{ code2 }}">given</a>{%- if x -%} <a href="${SHOP}/trim">t</a> {%- endif -%}`,
    links: [`${SHOP}/a`, `${SHOP}/captured`, `${SHOP}/{{ code2 }}`, `${SHOP}/trim`],
  },
  {
    name: 'broken HTML, as it comes from people',
    html: `<p><a href="${SHOP}/open>never closed <b>bold</p><div class="x" <a href="${SHOP}/lost">lost</a><a href="${SHOP}/twice" href="${SHOP}/second">first wins</a>
<a href="${SHOP}/end"`,
    links: [`${SHOP}/twice`],
  },
];
