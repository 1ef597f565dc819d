// Prints ../patterns.tsv from the Unicode CLDR data in Node.js:
//
//	node testdata/patterns.mjs > patterns.tsv
//
// A row is a locale, the amount 1234567.89 as that locale writes it (¤ stands for
// the currency) and, where 1234 stays without a separator, the number of digits
// from which thousands are separated. A locale that writes like its language, and
// a language that writes like English, has no row.
const letters = [...'abcdefghijklmnopqrstuvwxyz'];
const pairs = letters.flatMap(a => letters.map(b => a + b));
const known = l => new Intl.NumberFormat(l).resolvedOptions().locale === l;

function row(locale) {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' });
  const parts = n => format.formatToParts(n);
  const sample = parts(1234567.89).map(p => (p.type === 'currency' ? '¤' : p.value)).join('');
  const grouped = n => parts(n).some(p => p.type === 'group');
  return grouped(1234567) && !grouped(1234) ? `${sample}\t5` : sample;
}

const english = row('en');
console.log(`en\t${english}`);
for (const language of pairs.filter(l => Intl.NumberFormat.supportedLocalesOf([l]).length > 0)) {
  const own = row(language);
  if (own !== english) console.log(`${language}\t${own}`);
  for (const region of pairs.map(r => r.toUpperCase())) {
    const locale = `${language}-${region}`;
    if (known(locale) && row(locale) !== own) console.log(`${locale}\t${row(locale)}`);
  }
}
