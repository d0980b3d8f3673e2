"""The styles that ship: what is said around a prompt, and what the picture should then not show."""

from __future__ import annotations

# name, the words around {prompt}, the negative prompt
STYLES: tuple[tuple[str, str, str], ...] = (
    (
        "photo",
        "a photo of {prompt}, natural light, sharp focus, fine detail, 50 mm lens",
        "drawing, painting, 3d render, oversaturated, blurry, watermark, text",
    ),
    (
        "portrait photo",
        "a portrait photo of {prompt}, soft light from a window, shallow depth of field, 85 mm lens, natural skin",
        "drawing, painting, plastic skin, deformed face, harsh flash, watermark, text",
    ),
    (
        "film still",
        "{prompt}, still from a feature film, wide frame, moody light, film grain, muted colours",
        "drawing, cartoon, flat light, oversaturated, watermark, text",
    ),
    (
        "product photo",
        "{prompt}, product photo on a plain light background, softbox light, soft shadow, sharp from edge to edge",
        "clutter, people, hands, harsh shadow, noise, watermark, text",
    ),
    (
        "watercolour",
        "a watercolour of {prompt}, wet edges, visible paper, loose brushwork, few colours",
        "photo, 3d render, hard outlines, glossy, watermark, text",
    ),
    (
        "oil painting",
        "an oil painting of {prompt}, thick brushstrokes, warm underpainting, canvas texture",
        "photo, 3d render, flat colours, watermark, frame, text",
    ),
    (
        "ink drawing",
        "an ink drawing of {prompt}, black lines on white paper, cross-hatching, no colour",
        "photo, colour, gradient, 3d render, smudges, watermark, text",
    ),
    (
        "pencil sketch",
        "a pencil sketch of {prompt}, light construction lines, soft shading, textured paper",
        "photo, colour, 3d render, hard edges, watermark, text",
    ),
    (
        "picture book",
        "an illustration of {prompt} for a picture book, gouache, rounded shapes, warm colours, simple background",
        "photo, 3d render, frightening, cluttered, watermark, text",
    ),
    (
        "comic",
        "a comic panel of {prompt}, clean ink lines, flat colours, strong shadows",
        "photo, 3d render, blurry lines, speech bubble, watermark, text",
    ),
    (
        "poster",
        "a poster of {prompt}, three flat colours, bold shapes, much empty space, screen print",
        "photo, gradient, clutter, small details, watermark, text",
    ),
    (
        "pixel art",
        "pixel art of {prompt}, 16 colours, crisp square pixels, no smoothing",
        "photo, blurry, gradient, antialiasing, watermark, text",
    ),
    (
        "paper collage",
        "a collage of cut paper showing {prompt}, layered sheets, soft shadows between them, visible fibres",
        "photo, gradient, glossy, watermark, text",
    ),
    (
        "clay",
        "{prompt}, made of modelling clay, finger marks, miniature set, soft studio light",
        "drawing, flat, photo of a person, watermark, text",
    ),
    (
        "3D render",
        "a 3D render of {prompt}, smooth materials, soft global light, plain backdrop",
        "drawing, photo, noise, harsh shadow, watermark, text",
    ),
    (
        "line icon",
        "an icon of {prompt}, even line width, one colour on white, centred, no shading",
        "photo, shading, gradient, background, watermark, text",
    ),
)
