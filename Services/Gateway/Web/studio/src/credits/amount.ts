// Credits are exact to 1/10,000. They are added, subtracted and written in whole ten-thousandths:
// in fractions 0.1 + 0.2 would not be 0.3.

const unit = 10_000;

function units(credits: number): number {
  return Math.round(credits * unit);
}

export function plus(a: number, b: number): number {
  return (units(a) + units(b)) / unit;
}

export function minus(a: number, b: number): number {
  return (units(a) - units(b)) / unit;
}

/** The exact amount, "1,234.5". */
export function amountText(credits: number): string {
  const all = units(credits);
  const whole = Math.trunc(Math.abs(all) / unit).toLocaleString("en-US");
  const rest = String(Math.abs(all) % unit).padStart(4, "0").replace(/0+$/, "");
  return `${all < 0 ? "−" : ""}${whole}${rest ? `.${rest}` : ""}`;
}

/** The same with its sign, "+300"; nothing for zero. */
export function signedText(credits: number): string {
  if (units(credits) === 0) return "";
  return `${credits > 0 ? "+" : ""}${amountText(credits)}`;
}

/** What a person has typed, or null when it is no amount of credits. */
export function parsedAmount(text: string): number | null {
  const plain = text.trim().replace(/,(?=\d{3}(\D|$))/g, "");
  return /^\d{1,8}(\.\d{1,4})?$/.test(plain) ? Number(plain) : null;
}

/** "$15.00", out of whole cents. */
export function priceText(usdCents: number): string {
  const cents = String(usdCents % 100).padStart(2, "0");
  return `$${Math.trunc(usdCents / 100).toLocaleString("en-US")}.${cents}`;
}
