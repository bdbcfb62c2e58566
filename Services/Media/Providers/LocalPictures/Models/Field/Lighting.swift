/// The light of a picture in a model's own space, and how it falls on a finished surface.
struct Lighting {
    let toKey: Vec3
    let toRim: Vec3
    let light: Light

    init(_ light: Light, _ turn: YawTurn) {
        self.light = light
        toKey = turn.toModel(light.keyDirection)
        toRim = turn.toModel(light.rimDirection)
    }

    /// What a mirror shows in a direction: ground, a bright band at the horizon, sky, the key.
    private func surroundings(_ r: Vec3) -> Vec3 {
        let toward = max(0, dot(r, toRim))
        let sky = light.ambientSky * (0.95 + 0.35 * clamp(1 - r.y))
        let band = light.rim * (0.16 + 0.5 * toward * toward * toward)
        let above = sky + band * clamp(1.15 - abs(r.y) * 2.2)
        let ground = light.ambientGround * (0.55 + 0.25 * clamp(1 + r.y))
        return mix(ground, above, smoothstep(-0.06, 0.1, r.y))
    }

    /// Light sent from a point toward the eye.
    /// - Parameters:
    ///   - open: Share of open air above the surface.
    ///   - keyShare: Share of the key light that arrives.
    func shade(
        _ finish: Finish, _ at: SurfacePoint, open: Float, keyShare: Float, nightGlow: Float
    ) -> Vec3 {
        let n = finish.normal
        let facing = dot(n, toKey)
        let smoothFacing = dot(at.normal, toKey)
        let wrap: Float = finish.isHair ? 0.22 : 0.06
        let lit = clamp((facing + wrap) / (1 + wrap)) * keyShare
        let up = n.y * 0.5 + 0.5
        let ambient = mix(light.ambientGround, light.ambientSky, smoothstep(0, 1, up)) * open
        let eyeFacing = clamp(dot(n, at.toEye))
        let fill = light.fill * ((0.25 + 0.75 * eyeFacing) * (0.35 + 0.65 * open))
        var out = finish.colour * (light.key * lit + ambient + fill)

        if finish.through > 0 {
            let behind = clamp(-smoothFacing * 0.8 + 0.35)
            out += finish.colour * light.key * (finish.through * behind * (0.4 + 0.6 * keyShare))
        }
        let grazing = 1 - clamp(dot(at.normal, at.toEye))
        let edge = grazing * grazing * grazing
        // In creases a normal may point away from the eye; there is no edge to light.
        let rimFacing =
            smoothstep(-0.25, 0.65, dot(at.normal, toRim))
            * smoothstep(-0.25, 0, dot(at.normal, at.toEye))
        let hairRim: Float = finish.isHair ? 1.15 : 0.75
        let rimTone = mix(Vec3(repeating: 1), finish.colour * 2.2, 0.45)
        let rimShare: Float = finish.isEye ? 0.2 : 1
        out += light.rim * rimTone * (rimShare * edge * rimFacing * open.squareRoot() * hairRim)

        let half = normalize(toKey + at.toEye)
        if finish.isHair {
            let along = dot(at.flow, half)
            let across = max(0, 1 - along * along)
            var peak = across * across
            peak *= peak
            peak *= peak
            out +=
                light.key * finish.colour
                * (peak * finish.gloss * keyShare * clamp(smoothFacing * 2 + 0.4))
        } else if finish.gloss > 0 {
            let spot = power(max(0, dot(n, half)), finish.sharpness)
            let shine = finish.gloss * spot * clamp(facing * 4) * keyShare
            out += light.key * (finish.isEye ? 0 : shine)
        }
        if finish.isEye { out += eyeLight(n, at) }
        if finish.mirror > 0 {
            let cosine = clamp(dot(n, at.toEye))
            let lack = 1 - cosine
            let square = lack * lack
            let share =
                finish.mirror + (1 - finish.mirror) * square * square * lack
                * (finish.isEye ? 0.2 : 0.8)
            let r = n * (2 * cosine) - at.toEye
            let tone = finish.mirror > 0.45 ? finish.colour : Vec3(repeating: 1)
            out = out * (1 - share * 0.85) + surroundings(r) * tone * (share * (0.35 + 0.65 * open))
        }
        let glow = finish.glow + nightGlow * light.night
        if glow > 0 { out += finish.colour * glow }
        return out
    }

    /// A small catch light, high on the side of the light, and a soft one beneath.
    private func eyeLight(_ n: Vec3, _ at: SurfacePoint) -> Vec3 {
        let level = luminance(light.key + light.ambientSky + light.fill + light.rim * 0.5)
        let aim = normalize(at.toEye * 0.9 + Vec3(0, 0.55, 0) + toKey * 0.25)
        let spot = smoothstep(0.976, 0.988, dot(n, aim))
        let tint = mix(
            Vec3(repeating: 1), light.ambientSky * (1 / max(luminance(light.ambientSky), 1e-3)), 0.4
        )
        return tint * (level * spot * 0.85)
    }
}
