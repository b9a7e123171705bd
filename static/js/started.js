// Whether the story's page came to work. No module, and nothing that a browser of 2015 does not know:
// it speaks where nothing else does.

(function () {
  addEventListener("load", function () {
    if (document.getElementById("story").hasAttribute("data-started")) return;
    document.getElementById("not-started").hidden = false;
    document.getElementById("dock").hidden = true;
    // An editor that came half-way would be empty, and take what is typed to nowhere.
    var text = JSON.parse(document.getElementById("story-state").textContent).text;
    var place = document.getElementById("story-text");
    var shown = document.createElement("div");
    shown.id = place.id;
    shown.className = "prose";
    shown.textContent = text;
    place.parentNode.replaceChild(shown, place);
  });
})();
