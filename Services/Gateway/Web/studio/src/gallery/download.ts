// Files that are kept at home: the original bytes under a name that says what they are.

import { Creation } from "../api/schema";
import { Studio } from "../state/studio";

/** Keeps the original at home: one file as it is, several as one archive. Why not, else null. */
export async function download(studio: Studio, item: Creation): Promise<string | null> {
  const [asset, ...others] = item.assets;
  if (!asset) return null;
  if (others.length > 0) {
    const url = await studio.gallery.archive([item.id]);
    if (url) save(url, `${baseName(item)}.zip`);
    return null;
  }
  try {
    const response = await fetch(asset.url);
    if (!response.ok) return "The file is not there any more.";
    const file = await response.blob();
    const url = URL.createObjectURL(file);
    save(url, `${baseName(item)}.${await ending(file)}`);
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    return null;
  } catch {
    return "The studio cannot be reached.";
  }
}

/** Hands an address to the browser's own downloads. */
export function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

/** The name under which a file is kept at home, without its ending. */
function baseName(item: Creation): string {
  const words = (item.intent ?? item.prompt).toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 40);
  return `${words.replace(/^-|-$/g, "") || "convergence"}-${item.step}`;
}

const endings: Record<string, string> = {
  "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4",
};

/** The ending of a file: by what it is said to be, else by how it begins. */
async function ending(file: Blob): Promise<string> {
  const known = endings[file.type.split(";")[0] ?? ""];
  if (known) return known;
  const head = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (text.startsWith("\x89PNG")) return "png";
  if (text.startsWith("\xff\xd8\xff")) return "jpg";
  if (text.startsWith("RIFF") && text.endsWith("WEBP")) return "webp";
  return text.slice(4, 8) === "ftyp" ? "mp4" : "mjpeg";
}
