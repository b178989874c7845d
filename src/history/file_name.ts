/** Names that Windows keeps for devices; some are symbols too. */
const DEVICE = /^(CON|PRN|AUX|NUL|COM\d|LPT\d)$/;

/**
 * A symbol as the name of a folder on any system: BRK.B stays, BTC/USD is BTC_USD, PRN is PRN_.
 * What else is not A–Z, 0–9, "." within or "-" is written %XX. Reversed by symbolOfName.
 */
export function nameOfSymbol(symbol: string): string {
  const bytes = new TextEncoder().encode(symbol);
  let name = "";
  bytes.forEach((byte, i) => {
    const char = String.fromCharCode(byte);
    const isEdge = i === 0 || i === bytes.length - 1;
    if (char === "/" && !isEdge) name += "_";
    else if (/[A-Z0-9]/.test(char) || (/[.-]/.test(char) && !isEdge)) name += char;
    else name += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return DEVICE.test(name.split(".")[0]!) ? `${name}_` : name;
}

export function symbolOfName(name: string): string {
  return decodeURIComponent(name.replace(/_$/, "").replaceAll("_", "/"));
}
