/** So many digits the currency has after the point. */
export function digitsOf(currency: string): number {
  const form = new Intl.NumberFormat('en', { style: 'currency', currency: currency || 'CNY' })
  return form.resolvedOptions().maximumFractionDigits ?? 2
}

/** Whole minor units of what somebody typed: `159` and `159.00` are 15900 of CNY; nothing if it is no amount. */
export function minorOf(typed: string, currency: string): number | undefined {
  const digits = digitsOf(currency)
  const [, whole, part = ''] = typed.trim().match(/^(\d{1,12})(?:[.,](\d+))?$/) ?? []
  if (whole === undefined || part.length > digits) return undefined
  return Number(whole + part.padEnd(digits, '0'))
}

/** As it is typed: 15900 of CNY is `159.00`. */
export function typedOf(minor: number, currency: string): string {
  const digits = digitsOf(currency)
  return (minor / 10 ** digits).toFixed(digits)
}
