import "./style/base.css";
import "./style/shell.css";
import "./style/create.css";
import "./style/gallery.css";
import "./style/studio.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Studio } from "./state/studio";
import { StudioContext } from "./ui/useStudio";

const place = document.getElementById("studio");
if (place) {
  const studio = new Studio();
  createRoot(place).render(
    <StrictMode>
      <StudioContext.Provider value={studio}>
        <App />
      </StudioContext.Provider>
    </StrictMode>,
  );
  void studio.start();
}
