import { useSyncExternalStore } from "react";
import { Draft } from "../state/draft";
import { GalleryState } from "../state/gallery";
import { useStudio } from "./useStudio";

/** The gallery as it is now. */
export function useGallery(): GalleryState {
  const { studio } = useStudio();
  return useSyncExternalStore(studio.gallery.subscribe, studio.gallery.snapshot);
}

/** The draft of the Studio tool as it is now. */
export function useDraft(): Draft {
  const { studio } = useStudio();
  return useSyncExternalStore(studio.drafts.subscribe, studio.drafts.snapshot);
}
